import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BottleError } from "./errors.ts";
import { parseSlug } from "./ids.ts";
import { slugify } from "./slugify.ts";

describe("slugify", () => {
  test.each([
    ["dev", "dev"],
    ["My Bottle", "my-bottle"],
    ["--a__b..c--", "a-b-c"],
    ["2024-dev", "dev"],
    ["Ünï", "n"],
    ["a".repeat(90), "a".repeat(40)],
    [`${"a".repeat(39)}-b`, "a".repeat(39)],
  ])("%j becomes %j", (text, slug) => {
    expect(slugify(text)).toBe(slug);
  });

  test.each(["", "---", "42", "日本"])("%j is refused with a hint", (text) => {
    expect(() => slugify(text)).toThrow(BottleError);
    expect(() => slugify(text)).toThrow(/cannot make a name/);
  });

  test("whatever is left is the start of a slug, and slugifying it again changes nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(/[a-z]/.test(text.toLowerCase()));
        const slug = slugify(text);
        expect(parseSlug(`${slug}-ab0de`)).toBe(`${slug}-ab0de`);
        expect(slugify(slug)).toBe(slug);
      }),
    );
  });
});
