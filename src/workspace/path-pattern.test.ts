import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makePathMatcher, matchName } from "./path-pattern.ts";

const TABLE: readonly (readonly [pattern: string, matches: readonly string[], passes: readonly string[]])[] = [
  ["a.txt", ["a.txt", "x/y/a.txt", "a.txt/inside"], ["a.txtx", "xa.txt", "A.txt"]],
  ["*.log", ["x.log", "d/.log", "d.log/file"], ["log", "x.logs"]],
  ["/a", ["a", "a/b"], ["x/a"]],
  ["a/b", ["a/b", "a/b/c"], ["x/a/b", "a/x/b", "ab"]],
  ["build/", ["build/x", "x/build/y"], ["build", "x/build"]],
  ["/build/", ["build/x"], ["x/build/y", "build"]],
  ["**/a", ["a", "x/a", "x/y/a"], ["xa"]],
  ["a/**", ["a/b", "a/b/c"], ["a", "x/a/b"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/x", "b"]],
  ["a/*/b", ["a/x/b"], ["a/b", "a/x/y/b"]],
  ["?.c", ["a.c", "d/b.c"], ["ab.c", ".c"]],
  ["\\*", ["*"], ["a"]],
  ["[a]", ["[a]"], ["a"]],
  ["!a", ["!a"], ["a"]],
  ["./a", ["a"], ["x/a"]],
  ["", [], ["a", ""]],
  ["/", [], ["a"]],
];

describe.each(TABLE)("the pattern %j", (pattern, matches, passes) => {
  const matcher = makePathMatcher([pattern]);
  test.each(matches)("means %j", (path) => expect(matcher(path)).toBe(true));
  test.each(passes)("does not mean %j", (path) => expect(matcher(path)).toBe(false));
});

test("a pattern for folders means a folder when it is told that it is one", () => {
  expect(makePathMatcher(["build/"])("build", true)).toBe(true);
});

const name = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?", "\\"), maxLength: 12 });

test("matching a name agrees with the definition written as a regular expression", () => {
  fc.assert(
    fc.property(name, fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 12 }), (pattern, text) => {
      const source = pattern.replace(/\\(.)|\\$|[*?.]/gs, (found, escaped: string | undefined) => {
        if (escaped !== undefined) return `\\${escaped}`.replace(/\\([ab])/, "$1");
        return found === "*" ? ".*" : found === "?" ? "." : `\\${found}`;
      });
      expect(matchName(pattern, text)).toBe(new RegExp(`^(?:${source})$`, "s").test(text));
    }),
    { numRuns: 2000 },
  );
});

test("any path is meant by itself, and what is in a folder by the folder's name", () => {
  const part = fc.stringMatching(/^[a-z.]{1,6}$/).filter((text) => !/^\.+$/.test(text));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const path = parts.join("/");
      expect(makePathMatcher([`/${path}`])(path)).toBe(true);
      expect(makePathMatcher([parts[0] ?? ""])(path)).toBe(true);
      expect(makePathMatcher([`/${path}`])(`${path}/below`)).toBe(true);
      expect(makePathMatcher([`/${path}/`])(path)).toBe(false);
    }),
  );
});

test("a pattern made to blow up a backtracking matcher is answered with few steps", () => {
  const path = Array.from({ length: 400 }, () => "a".repeat(60)).join("/");
  expect(makePathMatcher([`${"**/a*a*a*a*/".repeat(60)}b`])(path)).toBe(false);
  expect(matchName(`${"*a".repeat(500)}b`, "a".repeat(5000))).toBe(false);
});
