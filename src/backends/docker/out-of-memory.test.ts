import { expect, test } from "vitest";
import { countKills, explainMemory } from "./out-of-memory.ts";

test.each([
  ["low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n", 2],
  ["oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", 1],
  ["low 0\nmax 12\noom 0\noom_kill 0\n", 0],
  ["", 0],
])("what the kernel counts is read in both of its trees", (text, kills) => {
  expect(countKills(text)).toBe(kills);
});

test("the reason names the limit and the key that raises it, where there is one", () => {
  expect(explainMemory(512 * 1024 * 1024)).toMatch(/512 MiB of `resources.memory`/);
  expect(explainMemory(undefined)).toBe("the machine's memory ran out");
});
