import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isRefName, isTravellingRef } from "./ref-name.ts";

test.each(["refs/heads/main", "refs/heads/a/b.c", "refs/heads/-x", "refs/heads/\xc3\xbc", "refs/heads/a'b\"c"])(
  "%j is a name",
  (name) => expect(isRefName(name)).toBe(true),
);

test.each([
  "main",
  "refs/heads/",
  "refs/heads/../x",
  "refs/heads/.x",
  "refs/heads/x.lock",
  "refs/heads/a\nb",
  "refs//x",
  "refs/heads/a b",
  "refs/heads/@{x",
  "refs/heads/x.",
])("%j is none", (name) => expect(isRefName(name)).toBe(false));

test("only branches, tags and remote-tracking refs travel", () => {
  expect(["refs/heads/a", "refs/tags/a", "refs/remotes/o/a"].every(isTravellingRef)).toBe(true);
  expect(["refs/stash", "refs/notes/x", "refs/replace/x", "refs/heads", "refs/headsx/a"].some(isTravellingRef)).toBe(
    false,
  );
});

const hostile = fc.string({
  unit: fc.constantFrom("a", "/", ".", "@", "{", "\\", "*", " ", "lock", "\x7f", "~", "-"),
  maxLength: 10,
});

test("a name never leads out of its folder, and git agrees that it is one", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const name = `refs/heads/${text}`;
      if (!isRefName(name)) return;
      expect(posix.normalize(name)).toBe(name);
      execFileSync("git", ["check-ref-format", name], { stdio: "ignore" });
    }),
    { numRuns: 150 },
  );
});
