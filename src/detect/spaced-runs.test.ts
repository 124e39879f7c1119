import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSpaced } from "./spaced-runs.ts";
import { plainView } from "./view.ts";

const LETTERS = /(?:[0-9A-Za-z][-_., |*+~]){11,}[0-9A-Za-z]/g;

test("letters that stand apart are found wherever they are, as a search of the whole text finds them", () => {
  const piece = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab19.- ,_|(\n"), maxLength: 60 }),
    fc
      .string({ unit: fc.constantFrom(..."abcXYZ0189"), minLength: 8, maxLength: 40 })
      .map((text) => [...text].join(" ")),
    fc
      .string({ unit: fc.constantFrom(..."abcXYZ0189"), minLength: 8, maxLength: 40 })
      .map((text) => [...text].join("|")),
  );
  let found = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = pieces.join("");
      const expected = [...text.matchAll(LETTERS)].map(
        ({ 0: run, index }) => `${index} ${run.replace(/[^0-9A-Za-z]/g, "")}`,
      );
      const views = [...decodeSpaced(plainView(Buffer.from(text)))].filter(
        ({ encodings }) => encodings[0] === "separators",
      );
      expect(views.map(({ bytes, locate }) => `${locate(0, 1).offset} ${bytes}`)).toEqual(expected);
      found += expected.length;
    }),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(100);
});

test("pairs of digits are found with any usual thing between and before them, wherever they begin", () => {
  const secret = "a secret of some length";
  const hex = Buffer.from(secret).toString("hex");
  for (const form of ["$& ", "$&:", "$&-", "0x$&, ", "\\x$& ", "$&. "]) {
    for (let lead = 0; lead < 20; lead++) {
      const text = `${"(".repeat(lead)}${hex.replace(/../g, form)}(`;
      expect([...decodeSpaced(plainView(Buffer.from(text)))].map(({ bytes }) => bytes.toString())).toContain(secret);
    }
  }
});
