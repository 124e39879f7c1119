import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ConfigEntry, parseConfigBoolean, parseConfigList, renderConfig } from "./git-config.ts";

function readBack(text: string): readonly ConfigEntry[] {
  const env = {
    PATH: process.env["PATH"],
    GIT_DIR: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const input = Buffer.from(text, "latin1");
  return parseConfigList(execFileSync("git", ["config", "--file", "-", "--list", "-z"], { env, input }));
}

const bytes = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
});
const nasty = fc.string({
  unit: fc.constantFrom('"', "\\", "\n", "\t", "\b", ";", "#", "]", "[", "=", " ", "a", "."),
  maxLength: 20,
});
const value = fc.oneof(bytes, nasty);
const entry = fc.record({
  section: fc.constantFrom("remote", "branch", "core"),
  subsection: fc.option(
    value.map((text) => text.replace(/\n/g, "")),
    { nil: undefined },
  ),
  key: fc.constantFrom("url", "merge", "fetch"),
  value,
});

test("git reads back exactly the entries that were written, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
      expect(readBack(renderConfig(entries))).toEqual(entries);
    }),
    { numRuns: 150 },
  );
});

test("an entry that git's format cannot hold is not written at all", () => {
  const base = { section: "remote", key: "url", value: "x" };
  expect(renderConfig([{ ...base, subsection: 'a"]\n[core] x' }])).toBe("");
  expect(renderConfig([{ ...base, subsection: "a", value: "\0" }])).toBe("");
});

test("booleans are read as git reads them", () => {
  expect(["true", "YES", "on", "1"].map(parseConfigBoolean)).toEqual([true, true, true, true]);
  expect(["false", "no", "", "0"].map(parseConfigBoolean)).toEqual([false, false, false, false]);
  expect([parseConfigBoolean("maybe"), parseConfigBoolean(undefined)]).toEqual([undefined, undefined]);
});
