import fc from "fast-check";
import { expect, test } from "vitest";
import { EchoMask, makeNeedles } from "./echo-mask.ts";

function pass(mask: EchoMask, bytes: Buffer, cuts: readonly number[]): Buffer {
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    out.push(mask.push(bytes.subarray(from, cut)));
    from = cut;
  }
  const held = mask.flush();
  return Buffer.concat(held === undefined ? out : [...out, held]);
}

test("a secret never gets through whole, lengths stay, and everything else is untouched, wherever it is cut", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 3, maxLength: 6 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", " "), maxLength: 80 });
  fc.assert(
    fc.property(word, text, text, fc.array(fc.nat(200), { maxLength: 20 }), (secret, before, after, cuts) => {
      const bytes = Buffer.from(before + secret + after);
      const out = pass(new EchoMask(makeNeedles([Buffer.from(secret)])), bytes, cuts).toString();
      expect(out).toHaveLength(bytes.length);
      expect(out).not.toContain(secret);
      for (let at = 0; at < out.length; at++) expect(out[at] === "*" || out[at] === bytes.toString()[at]).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("nothing is held back that cannot be the beginning of a secret", () => {
  const mask = new EchoMask(makeNeedles([Buffer.from("secret-1"), Buffer.from("other-2")]));
  expect(mask.push(Buffer.from("data: 1\n\n")).toString()).toBe("data: 1\n\n");
  expect(mask.push(Buffer.from("x sec")).toString()).toBe("x ");
  expect(mask.push(Buffer.from("ond")).toString()).toBe("second");
  expect(mask.flush()).toBeUndefined();
});

test("without secrets the very same bytes go on", () => {
  const bytes = Buffer.from("anything");
  expect(new EchoMask(makeNeedles([])).push(bytes)).toBe(bytes);
});
