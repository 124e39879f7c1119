import fc from "fast-check";
import { expect, test } from "vitest";
import { unescapeView } from "./unescape.ts";
import { plainView } from "./view.ts";

const undo = (text: string) => unescapeView(plainView(Buffer.from(text)))?.bytes.toString("latin1");

test.each([
  ["a%20b%41", "a bA"],
  ["100% sure &c. \\q", undefined],
  ['say \\"hi\\"\\n\\u0041\\x42\\103', 'say "hi"\nABC'],
  ["\\u00410 \\u{41}0", "A0 A0"],
  ["&lt;&#65;&#x42;&unknown;", "<AB&unknown;"],
  ["=41=42=43=44 soft=\nend", "ABCD softend"],
  ["a=1&b=2", undefined],
])("%j reads as %j", (text, expected) => expect(undo(text)).toBe(expected));

test("each place leads back to what it was made from", () => {
  const piece = fc.oneof(
    fc.constantFrom("%41", "\\u0042", "&#67;", "\\n", "&amp;", "=\n", "%", "\\", "&", "plain", "é", "=44=45=46=47"),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const original = Buffer.from(pieces.join(""));
      const view = unescapeView(plainView(original));
      if (view === undefined) return;
      let end = 0;
      for (let at = 0; at < view.bytes.length; at++) {
        const { offset, length } = view.locate(at, 1);
        const there = original.subarray(offset, offset + length);
        const byte = view.bytes.subarray(at, at + 1).toString("latin1");
        const alone = undo(`${there.toString("latin1")}=44=45=46=47`)?.slice(0, -4);
        expect(there.toString("latin1").startsWith(byte) || alone?.includes(byte)).toBe(true);
        expect(offset).toBeGreaterThanOrEqual(end - 12);
        end = offset;
      }
    }),
    { numRuns: 500 },
  );
});
