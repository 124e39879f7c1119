import { expect, test } from "vitest";
import { isAlive, isUserAlive, readProcess } from "./proc-table.ts";

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
