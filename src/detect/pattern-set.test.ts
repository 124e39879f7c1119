import fc from "fast-check";
import { expect, test } from "vitest";
import { PatternSet } from "./pattern-set.ts";

test("finds exactly what a search one by one finds", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "A", "-"), minLength: 3, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 60 }),
      fc.string({ unit: fc.constantFrom("a", "b", "A", "-") }),
      fc.boolean(),
      (words, text, fold) => {
        const set = new PatternSet(words.map((one) => ({ bytes: Buffer.from(one), fold })));
        const found = new Set<string>();
        set.find(Buffer.from(text), (offset, index) => {
          found.add(`${offset} ${index}`);
          return undefined;
        });
        const plain = (part: string) => (fold ? part.toLowerCase() : part);
        const expected = words.flatMap((one, index) =>
          [...text].flatMap((_, at) => (plain(text).startsWith(plain(one), at) ? [`${at} ${index}`] : [])),
        );
        expect([...found].sort()).toEqual(expected.sort());
      },
    ),
  );
});

test("ends when it is told to", () => {
  let times = 0;
  new PatternSet([{ bytes: Buffer.from("abc"), fold: false }]).find(Buffer.from("abcabcabc"), () => {
    times++;
    return true;
  });
  expect(times).toBe(1);
});
