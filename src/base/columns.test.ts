import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderColumns } from "./columns.ts";
import { cutToWidth, displayWidth } from "./display-width.ts";
import { colorStyle, plainStyle } from "./style.ts";

const table = (...rows: string[][]) => rows.map((row) => row.map((text) => ({ text })));

describe("displayWidth", () => {
  test.each([
    ["", 0],
    ["abc", 3],
    ["日本", 4],
    ["한", 2],
    ["e\u0301", 1],
    ["\u200b", 0],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["ｆ", 2],
    ["é", 1],
    ["→", 1],
  ])("%j takes %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("cutToWidth", () => {
  test("keeps what fits, never half of a wide character", () => {
    expect(cutToWidth("abcdef", 6)).toBe("abcdef");
    expect(cutToWidth("abcdef", 4)).toBe("abc…");
    expect(cutToWidth("日本語", 4)).toBe("日…");
    expect(cutToWidth("abc", 0)).toBe("");
  });

  test("never exceeds the width", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, width) => {
        expect(displayWidth(cutToWidth(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("renderColumns", () => {
  test("aligns by what a terminal shows", () => {
    expect(renderColumns(table(["日本", "x"], ["a", "yy"], ["e\u0301e\u0301e\u0301", "z"]), plainStyle)).toEqual([
      "日本  x",
      "a     yy",
      "e\u0301e\u0301e\u0301   z",
    ]);
  });

  test("colour does not change the alignment", () => {
    const rows = [[{ text: "a", tone: "bad" as const }, { text: "b" }], table(["long", "c"])[0] ?? []];
    expect(renderColumns(rows, colorStyle)).toEqual(["\u001b[31ma\u001b[39m     b", "long  c"]);
  });

  test("cuts the widest column to fit a terminal", () => {
    expect(renderColumns(table(["short", "a/very/long/path/of/a/folder", "end"]), plainStyle, 24)).toEqual([
      "short  a/very/long…  end",
    ]);
  });

  test("a table without rows is no lines, and a ragged one is no error", () => {
    expect(renderColumns([], plainStyle, 80)).toEqual([]);
    expect(renderColumns(table(["a", "b"], ["c"]), plainStyle, 80)).toEqual(["a  b", "c"]);
  });

  test("no line is wider than the terminal when there is room for the narrowest columns", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: "grapheme" }), { minLength: 3, maxLength: 3 }), { maxLength: 8 }),
        fc.integer({ min: 20, max: 100 }),
        (rows, width) => {
          for (const line of renderColumns(table(...rows), plainStyle, width)) {
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });
});
