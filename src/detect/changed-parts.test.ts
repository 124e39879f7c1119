import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { changedParts } from "./changed-parts.ts";
import { makeKnownValueDetector } from "./known-values.ts";
import { makeTokenDetector } from "./scan-tokens.ts";
import { scanWholly } from "./scan-wholly.ts";
import { unescapeView } from "./unescape.ts";
import { plainView, type ReplacedView } from "./view.ts";

const OWN = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const JWT = [
  "ey",
  "J",
  "aB3dE5fG7hJ9kLmN".repeat(200),
  ".ey",
  "J",
  "x1Y2z3W4".repeat(400),
  ".",
  "q9W8e7R6".repeat(5),
].join("");
const detectors = [makeKnownValueDetector([{ name: "KEY", value: OWN }]), makeTokenDetector()];
const filler = "some words of an innocent text, one line after the other\n".repeat(400);

function undo(text: string): ReplacedView {
  const view = unescapeView(plainView(Buffer.from(text)));
  if (view === undefined) throw new Error("nothing to undo");
  return view;
}

test("a large text with little in it to undo is read around that alone, and places are those of the original", () => {
  const text = `${filler}${filler}a%41b${filler}`;
  const parts = changedParts(undo(text));
  expect(parts).toHaveLength(1);
  expect(parts[0]?.bytes.length).toBeLessThan(4_000);
  expect(parts[0]?.bytes.toString()).toContain("aAb");
  const offset = parts[0]?.bytes.indexOf("aAb") ?? 0;
  const place = parts[0]?.locate(offset, 3);
  expect(text.slice(place?.offset, (place?.offset ?? 0) + (place?.length ?? 0))).toBe("a%41b");
});

test("a small text, or one with much to undo, is read as a whole", () => {
  for (const text of ["a%41b", `${"line\\n".repeat(5_000)}`]) {
    const view = undo(text);
    expect(changedParts(view)).toEqual([view]);
  }
});

test.each([
  ["a value of the bottle", OWN],
  ["a token", TOKEN],
  ["a token of many thousand letters", JWT],
  ["a value in base64", Buffer.from(`x${OWN}`).toString("base64")],
  ["a value in hexadecimal", Buffer.from(OWN).toString("hex")],
  ["a value with separators", [...OWN].join(" -- ")],
])("%s of which any one letter is escaped is found in a large text", (_, hidden) => {
  const bare = scanWholly(Buffer.from(filler + hidden + filler), detectors).map(({ rule }) => rule);
  expect(bare).not.toEqual([]);
  fc.assert(
    fc.property(fc.nat(hidden.length - 1), fc.nat(filler.length), (at, cut) => {
      const code = hidden.charCodeAt(at).toString(16).padStart(2, "0");
      const text = `${filler.slice(cut)} ${hidden.slice(0, at)}%${code}${hidden.slice(at + 1)} ${filler}`;
      expect(scanWholly(Buffer.from(text), detectors).map(({ rule }) => rule)).toEqual(expect.arrayContaining(bare));
    }),
    { numRuns: 60 },
  );
});

/** Letters that look drawn, always the same ones. */
function drawn(length: number): string {
  let text = "";
  for (let round = 0; text.length < length; round++) text += createHash("sha512").update(`${round}`).digest("base64");
  return text.slice(0, length);
}

test.each([20_000, 60_000, 120_000])(
  "what is packed behind %d letters is found, whichever letter of it is escaped",
  (size) => {
    const packed = gzipSync(`some words ${drawn(size)} then ${OWN}`).toString("base64");
    const inLines = packed.replace(/.{76}/g, "$&\n");
    for (const text of [packed, inLines]) {
      for (const at of [10, text.length >> 1, text.length - 30]) {
        const code = text.charCodeAt(at).toString(16).padStart(2, "0");
        const hidden = `${filler}{"a": "${text.slice(0, at)}\\u00${code}${text.slice(at + 1)}"}`;
        expect(scanWholly(Buffer.from(hidden), detectors).map(({ rule }) => rule)).toContain("known-value");
      }
    }
  },
);

test("what is packed behind a mark of which a letter is escaped is found", () => {
  const packed = gzipSync(`some words ${drawn(4_000)} then ${OWN}`);
  const hidden = Buffer.concat([Buffer.from(`${filler}%1f`), packed.subarray(1)]);
  expect(scanWholly(hidden, detectors).map(({ rule }) => rule)).toContain("known-value");
});

test("the parts are every place at which something was replaced, in order and apart", () => {
  const piece = fc.oneof(
    fc.constantFrom("%41", "\\n", "&amp;"),
    fc.nat(3_000).map((length) => filler.slice(0, length)),
    fc.constant("x".repeat(3_000)),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 60 }), (pieces) => {
      const view = unescapeView(plainView(Buffer.from(pieces.join(""))));
      if (view === undefined) return;
      const parts = changedParts(view);
      if (parts.length === 1 && parts[0] === view) return;
      let [end, found] = [0, 0];
      for (const part of parts) {
        const start = part.bytes.byteOffset - view.bytes.byteOffset;
        expect(start).toBeGreaterThanOrEqual(end);
        end = start + part.bytes.length;
        found += view.replaced.filter(({ to, newLength }) => to >= start && to + newLength <= end).length;
      }
      expect(found).toBe(view.replaced.length);
    }),
  );
});
