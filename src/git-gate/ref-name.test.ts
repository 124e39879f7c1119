import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { isRefName } from "./ref-name.ts";

const GOOD = [
  "main",
  "a/b",
  "ünï/\u00a0x",
  "-dash",
  "@",
  "a@b",
  "$(id)",
  '"quoted"',
  "a.lockx",
  "a.b",
  "lock",
  "'",
  "%",
  "a{b",
];
const BAD = [
  ...["x:refs/heads/main", "x*", "x?", "x[a]", "x^", "x~1", "x\\y", "a..b", "a@{1}", "a b", "a\tb", "a\x7f", "a\x01"],
  ...["", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "..", "."],
];

describe("the whole name of a ref", () => {
  test.each([...GOOD, ...BAD])("is what git itself says: %j", (end) => {
    const name = `refs/heads/${end}`;
    const git = spawnSync("git", ["check-ref-format", name]).status === 0;
    expect(isRefName(name)).toBe(git);
    expect(git).toBe(GOOD.includes(end));
  });

  test("has at least two parts", () => expect(isRefName("HEAD")).toBe(false));
});
