import fc from "fast-check";
import { expect, test } from "vitest";
import { makeTokenDetector } from "../../detect/scan-tokens.ts";
import { makeSplitMemory } from "./split-memory.ts";

const SECRET = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
const tokens = makeTokenDetector();
const memoryOf = () => makeSplitMemory([{ name: "KEY", value: SECRET }], tokens);
/** A text in pieces of one to a few characters. */
const cut = (text: string, sizes: readonly number[]) => {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
};
const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

test("a secret never leaves whole, however it is cut and in whatever plain encoding", () => {
  const spelling = fc.constantFrom<BufferEncoding>("utf8", "hex", "base64", "base64url");
  fc.assert(
    fc.property(spelling, sizes, fc.boolean(), (encoding, cuts, reversed) => {
      const text = Buffer.from(SECRET).toString(encoding);
      const memory = memoryOf();
      const pieces = cut(encoding === "utf8" && reversed ? [...text].reverse().join("") : text, cuts);
      const found = pieces
        .map((piece) => memory.add("host", { name: "q", value: piece }))
        .filter((finding) => finding !== undefined);
      expect(found[0]).toMatchObject({ rule: "known-value", provider: "KEY" });
      expect(JSON.stringify(found)).not.toContain(SECRET);
    }),
  );
});

test("pieces that were encoded one by one are joined as what they mean", () => {
  const memory = memoryOf();
  const found = cut(SECRET, [7]).map((piece) => {
    return memory.add("host", { name: "q", value: Buffer.from(piece).toString("base64") });
  });
  expect(found.at(-1)).toMatchObject({ rule: "known-value" });
});

test("a token is seen when its second half comes, and again when that half is tried again", () => {
  const token = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
  const memory = memoryOf();
  expect(memory.add("host", { name: "q", value: token.slice(0, 16) })).toBeUndefined();
  for (const again of [1, 2]) {
    expect(memory.add("host", { name: "q", value: token.slice(16) }), `${again}`).toMatchObject({
      rule: "github-token",
    });
  }
  expect(memory.add("other", { name: "q", value: token.slice(16) })).toBeUndefined();
});

test("innocent pieces pass, in any number and of any kind", () => {
  const memory = makeSplitMemory([{ name: "KEY", value: SECRET }], tokens);
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 40 }), (pieces) => {
      for (const piece of pieces) expect(memory.add("host", { name: "q", value: piece })).toBeUndefined();
    }),
  );
});

test("a piece that is said again and again counts each time, until it has filled all that is remembered", () => {
  const value = "abcdabcdabcdabcd";
  const memory = makeSplitMemory([{ name: "KEY", value }], tokens);
  const again = Array.from({ length: 4 }, () => memory.add("host", { name: "q", value: "abcd" }));
  expect(again.map((finding) => finding !== undefined)).toEqual([false, false, false, true]);
});

test("however often something harmless was said before, the rest of a secret is seen behind it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 6 }), (times, size) => {
      const [first = "", ...rest] = cut(`${"Q".repeat(12)}${SECRET.slice(0, 12)}`, [size]);
      const memory = makeSplitMemory([{ name: "KEY", value: `${"Q".repeat(12)}${SECRET.slice(0, 12)}` }], tokens);
      for (let time = 0; time < times; time++) memory.add("host", { name: "q", value: first });
      const found = rest.map((value) => memory.add("host", { name: "q", value }));
      expect(found.some((finding) => finding?.provider === "KEY")).toBe(true);
    }),
  );
});
