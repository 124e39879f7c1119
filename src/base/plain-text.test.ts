import fc from "fast-check";
import { expect, test } from "vitest";
import { showHarmlessly, showLinesHarmlessly } from "./plain-text.ts";

test.each([
  ["plain text, ünïcödé, 日本語, 👩🏽 and ✂\ufe0f stay", "plain text, ünïcödé, 日本語, 👩🏽 and ✂\ufe0f stay"],
  ["\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"],
  ["a\r\nb\tc\0", "a\\r\\nb\\tc\\x00"],
  ["\x7f\x80\x9b31m\x9f", "\\x7f\\x80\\x9b31m\\x9f"],
  ["user\u202egnp.exe\u2066x\u2069", "user\\u202egnp.exe\\u2066x\\u2069"],
  ["zero\u200bwidth\u200d\ufeff\u00ad\u2060", "zero\\u200bwidth\\u200d\\ufeff\\xad\\u2060"],
  ["line\u2028para\u2029", "line\\u2028para\\u2029"],
  ["alone \ud800 and \udc00", "alone \\ud800 and \\udc00"],
  ["tag \u{e0041}\u{e007f}", "tag \\u{e0041}\\u{e007f}"],
  ["hidden \u{e0100}\u{e01ef}", "hidden \\u{e0100}\\u{e01ef}"],
  ["hangul filler \u3164\uffa0\u115f", "hangul filler \\u3164\\uffa0\\u115f"],
])("%j", (text, shown) => {
  expect(showHarmlessly(text)).toBe(shown);
});

test("the variant for several lines keeps line feeds and nothing else", () => {
  expect(showLinesHarmlessly("a\nb\r\n\x1b[31mc\u2028")).toBe("a\nb\\r\n\\x1b[31mc\\u2028");
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.constantFrom("\x1b", "\n", "\u202e", "\u200b", "\ud800", "\udc00", "\u{e0041}", "a", "\x9b"))
    .map((all) => all.join("")),
);

test("whatever the text is, what is shown has no control, format or separator character and is well-formed", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = showHarmlessly(text);
      for (const character of shown) {
        const code = character.codePointAt(0) ?? 0;
        expect(code >= 0x20 && !(code >= 0x7f && code <= 0x9f)).toBe(true);
        expect(code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff)).toBe(false);
        expect(/\p{Cf}|\p{Cc}/u.test(character)).toBe(false);
      }
      expect(Buffer.from(shown, "utf8").toString("utf8")).toBe(shown);
      expect(showHarmlessly(shown)).toBe(shown);
      expect(showLinesHarmlessly(text).split("\n").map(showHarmlessly)).toEqual(showLinesHarmlessly(text).split("\n"));
    }),
  );
});

test("printable text passes unchanged", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~à-ÿĀ-ſα-ωа-я一-龥]*$/), (text) => {
      expect(showHarmlessly(text)).toBe(text);
    }),
  );
});
