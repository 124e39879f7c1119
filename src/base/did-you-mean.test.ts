import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editDistance, nearestWord } from "./did-you-mean.ts";

describe("nearestWord", () => {
  test.each([
    ["egres", "egress"],
    ["Egress", "egress"],
    ["git_gate", "git-gate"],
    ["supervize", "supervise"],
    ["wrokspace", "workspace"],
  ])("%s is meant as %s", (word, meant) => {
    expect(nearestWord(word, ["env", "egress", "git-gate", "supervise", "workspace"])).toBe(meant);
  });

  test("a word that is far from everything has no suggestion", () => {
    expect(nearestWord("kubernetes", ["env", "egress"])).toBeUndefined();
    expect(nearestWord("x", ["y"])).toBeUndefined();
    expect(nearestWord("a".repeat(100), ["a".repeat(99)])).toBeUndefined();
  });
});

describe("editDistance", () => {
  const word = fc.string({ maxLength: 12 });

  test("is a symmetric distance that is zero only for equal words", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  test("one changed character is one step", () => {
    expect(editDistance("route", "rotue")).toBe(1);
    expect(editDistance("route", "routes")).toBe(1);
    expect(editDistance("route", "roote")).toBe(1);
    expect(editDistance("", "abc")).toBe(3);
  });
});
