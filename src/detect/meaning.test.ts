import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isMeaningful, mayMeanSomething } from "./meaning.ts";

const inner = fc.oneof(
  fc.string({ maxLength: 400 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ maxLength: 100 }).map((text) => Buffer.from(text, "utf16le")),
  fc.string({ maxLength: 100 }).map((text) => gzipSync(text)),
  fc.string({ maxLength: 100 }).map((text) => deflateSync(text)),
);

test("what is not worth decoding decodes to noise, wherever it begins", () => {
  let skipped = 0;
  fc.assert(
    fc.property(inner, fc.string({ unit: fc.constantFrom(..."aZ09-_+/"), maxLength: 3 }), (bytes, lead) => {
      const digits = Buffer.from(lead + bytes.toString("base64url"));
      for (const shift of [0, 1, 2, 3]) {
        if (mayMeanSomething(digits, shift, digits.length)) continue;
        skipped++;
        expect(isMeaningful(Buffer.from(digits.toString("latin1").slice(shift), "base64url"))).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
  expect(skipped).toBeGreaterThan(100);
});

test("a word is not worth decoding, a text in base64 is", () => {
  const may = (text: string) => mayMeanSomething(Buffer.from(text), 0, text.length);
  expect(may("dangerouslyDisableSandbox")).toBe(false);
  expect(may(Buffer.from("dangerously disabled").toString("base64url"))).toBe(true);
});
