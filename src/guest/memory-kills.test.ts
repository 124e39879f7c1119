import { expect, test } from "vitest";
import { countKills, makeLookForKills } from "./memory-kills.ts";

test.each([
  ["low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n", 2],
  ["oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", 1],
  ["low 0\nmax 12\noom 0\noom_kill 0\n", 0],
  ["", 0],
])("what the kernel counts is read in both of its trees", (text, kills) => {
  expect(countKills(text)).toBe(kills);
});

test("a kill is told by the look that follows it, and by no later one", () => {
  let kills = 0;
  let told = 0;
  const look = makeLookForKills(
    () => {
      told += 1;
    },
    () => `oom 9\noom_kill ${kills}\n`,
  );
  const looks = [0, 1, 1, 1, 3, 3].map((count) => {
    kills = count;
    look();
    return told;
  });
  expect(looks).toEqual([0, 1, 1, 1, 2, 2]);
});
