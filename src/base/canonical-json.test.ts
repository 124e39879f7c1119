import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderCanonicalJson } from "./canonical-json.ts";

describe("renderCanonicalJson", () => {
  test.each([
    [{ b: 1, a: [true, null, "x"] }, '{"a":[true,null,"x"],"b":1}'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    ["é\u001b[31m\u009b\u{1f600}\ud800", '"\\u00e9\\u001b[31m\\u009b\\ud83d\\ude00\\ud800"'],
    [undefined, "null"],
  ])("%j", (value, text) => {
    expect(renderCanonicalJson(value)).toBe(text);
  });

  test("is printable ASCII, is read back as the same value, and does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = renderCanonicalJson(value);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(renderCanonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(JSON.parse(JSON.stringify(sorted(value)))));
      }),
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
