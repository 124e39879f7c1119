import fc from "fast-check";
import { expect, test } from "vitest";
import { isAlive, isUserAlive, parseStat, readProcess } from "./proc-table.ts";

const REST = "1 1 1 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 12345 1000 10";

test("a process may be called anything", () => {
  for (const name of ["cat", "a b", ") R 1", "((x))", "", "\n) Z 9"]) {
    expect(parseStat(`77 (${name}) S ${REST}`)).toEqual({ state: "S", parent: 1, startTicks: "12345" });
  }
  expect(parseStat("")).toBeUndefined();
  expect(parseStat("77 (cat) S")).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void parseStat(text)));
});

test("this process lives, and another with its number does not", async () => {
  const self = await readProcess(process.pid);
  if (self === undefined) throw new Error("this process lives");
  expect(await isAlive(self)).toBe(true);
  expect(await isAlive({ ...self, startTicks: "1" })).toBe(false);
  expect(await readProcess(2 ** 30)).toBeUndefined();
});

test("a user with processes is told from one without", async () => {
  expect(await isUserAlive(process.getuid?.() ?? 0)).toBe(true);
  expect(await isUserAlive(0x7fff_fff0)).toBe(false);
});
