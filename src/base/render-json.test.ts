import fc from "fast-check";
import { expect, test } from "vitest";
import { renderJson } from "./render-json.ts";

test("what a terminal would obey is escaped", () => {
  expect(renderJson({ ref: "a\x1b[2J\x7f\x9b31m\u202eb\u2066" })).toBe(
    '{"ref":"a\\u001b[2J\\u007f\\u009b31m\\u202eb\\u2066"}',
  );
});

test("the value stays the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(renderJson(value, 2))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
