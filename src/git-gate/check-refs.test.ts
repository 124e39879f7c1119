import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRefs, matchesAny, type UpdateFacts } from "./check-refs.ts";

const OWN = "bottle/dev-ab0de/";
const [NONE, ONE, TWO] = ["0".repeat(40), "1".repeat(40), "2".repeat(40)] as const;
const update = (name: string, over: Partial<UpdateFacts> = {}): UpdateFacts => ({
  ...{ name, old: NONE, new: ONE, rewinds: false },
  ...over,
});
const RULES = { branches: ["feature/*", "main"], tags: ["v*"], force: false, delete: false };

describe("which refs may be changed", () => {
  test.each([
    [`refs/heads/${OWN}x`, undefined],
    [`refs/heads/${OWN}a/b/c`, undefined],
    ["refs/heads/bottle/dev-ab0de", "is not one of the branches this bottle may push"],
    ["refs/heads/bottle/dev-ab0df/x", "is not one of the branches this bottle may push"],
    ["refs/heads/main", "is not one of the branches this bottle may push"],
    ["refs/tags/v1", "is not one of the tags this bottle may push"],
    [`refs/tags/${OWN}x`, "is not one of the tags this bottle may push"],
    [`refs/notes/${OWN}x`, "is neither a branch nor a tag"],
    ["refs/for/main", "is neither a branch nor a tag"],
    ["refs/pull/1/head", "is neither a branch nor a tag"],
    ["HEAD", "is neither a branch nor a tag"],
    [`refs/heads/${OWN}x:refs/heads/main`, "is not a name that git allows"],
    [`refs/heads/${OWN}*`, "is not a name that git allows"],
  ])("unless the manifest says more: %s", (name, why) => {
    expect(checkRefs([update(name)], undefined, OWN).map((one) => one.why)).toEqual(why === undefined ? [] : [why]);
  });

  test.each(["refs/heads/feature/x", "refs/heads/main", "refs/tags/v1", `refs/heads/${OWN}x`])(
    "when the manifest names them: %s",
    (name) => expect(checkRefs([update(name)], RULES, OWN)).toEqual([]),
  );

  test("rewriting and deleting are for manifests that say so", () => {
    const name = `refs/heads/${OWN}x`;
    const gone = update(name, { old: ONE, new: NONE });
    const rewritten = update(name, { old: ONE, new: TWO, rewinds: true });
    expect(checkRefs([gone, rewritten], RULES, OWN).map(({ why }) => why)).toEqual([
      "may not be deleted",
      "would lose what the upstream has",
    ]);
    expect(checkRefs([gone, rewritten], { ...RULES, force: true, delete: true }, OWN)).toEqual([]);
    // neither opens other branches
    expect(checkRefs([update("refs/heads/x")], { ...RULES, force: true, delete: true }, OWN)).toHaveLength(1);
  });

  test("each that may not is told, with what to do", () => {
    const refused = checkRefs(
      [update("refs/heads/a"), update(`refs/heads/${OWN}b`), update("refs/tags/c")],
      RULES,
      OWN,
    );
    expect(refused.map(({ name }) => name)).toEqual(["refs/heads/a", "refs/tags/c"]);
    expect(refused[0]?.whatToDo).toContain(`HEAD:${OWN}NAME`);
  });
});

describe("a pattern", () => {
  test.each([
    ["main", "main", true],
    ["main", "main2", false],
    ["*", "", true],
    ["*", "a/b", true],
    ["v*", "v1", true],
    ["v*", "av1", false],
    ["a*b*c", "abc", true],
    ["a*b*c", "axxbyyc", true],
    ["a*b*c", "acb", false],
    ["a*a", "a", false],
    ["a*ab*b", "aab", false],
    ["**", "anything", true],
    ["release/*-x", "release/1-x", true],
    [".*", "a", false],
  ])("%s and %s: %s", (pattern, name, fits) => expect(matchesAny(name, [pattern])).toBe(fits));

  test("fits as its regular expression would", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "*"), maxLength: 6 });
    fc.assert(
      fc.property(text, pattern, (name, given) => {
        const escaped = given.split("*").map((part) => part.replace(/[.]/g, "\\."));
        expect(matchesAny(name, [given])).toBe(new RegExp(`^${escaped.join(".*")}$`).test(name));
      }),
      { numRuns: 2000 },
    );
  });
});
