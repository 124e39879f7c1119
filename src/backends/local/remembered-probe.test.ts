import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openProbeMemory, parseRemembered } from "./remembered-probe.ts";

const folder = mkdtempSync(join(tmpdir(), "bottle-memory-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what was found is remembered until the program is replaced", async () => {
  const program = join(folder, "bwrap");
  writeFileSync(program, "one");
  const cache = join(folder, "cache");
  const first = await openProbeMemory(cache, program);
  expect(first.remembered).toBeUndefined();
  await first.keep({ bwrapVersion: "bubblewrap 0.8.0", trialOk: true });
  expect((await openProbeMemory(cache, program)).remembered).toEqual({
    bwrapVersion: "bubblewrap 0.8.0",
    trialOk: true,
  });
  utimesSync(program, 1, 1);
  expect((await openProbeMemory(cache, program)).remembered).toBeUndefined();
});

test("a program that is gone and a folder that cannot be written are no errors", async () => {
  const memory = await openProbeMemory("/proc/nowhere", join(folder, "none"));
  await memory.keep({ bwrapVersion: "x", trialOk: true });
  expect(memory.remembered).toBeUndefined();
});

test.each([
  "",
  "null",
  "[]",
  "{}",
  '{"key":"k"}',
  '{"key":"k","bwrapVersion":1,"trialOk":true}',
  '{"key":"other","bwrapVersion":"x","trialOk":true}',
])("a file that is not what was written is forgotten: %s", (text) => {
  expect(parseRemembered(text, "k")).toBeUndefined();
});
