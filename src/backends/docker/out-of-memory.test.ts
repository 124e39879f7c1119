import { expect, test } from "vitest";
import { endedForMemory, explainMemory } from "./out-of-memory.ts";

const ran = { began: 10_000, ended: 90_000 };

test.each([
  ["none at all", undefined, false],
  ["one before it began", 9_000, false],
  ["one that it outlived", 20_000, false],
  ["one just before its end was known", 89_950, true],
  ["one that was told after its end", 90_020, true],
])("a command that was killed, and of kills for memory %s", (_which, killedAt, is) => {
  expect(endedForMemory(ran, killedAt)).toBe(is);
});

test("of a command that ran for a moment only a kill since it began counts", () => {
  expect(endedForMemory({ began: 10_000, ended: 10_100 }, 9_900)).toBe(false);
  expect(endedForMemory({ began: 10_000, ended: 10_100 }, 10_050)).toBe(true);
});

test("the reason names the limit and the key that raises it, where there is one", () => {
  expect(explainMemory(512 * 1024 * 1024)).toMatch(/512 MiB of `resources.memory`/);
  expect(explainMemory(undefined)).toBe("the machine's memory ran out");
});
