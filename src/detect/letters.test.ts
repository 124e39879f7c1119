import fc from "fast-check";
import { expect, test } from "vitest";
import { normaliseLetters } from "./letters.ts";

const read = (text: string) => normaliseLetters(Buffer.from(text))?.toString();

test("letters that look like others, invisible ones and marks read as what a reader sees", () => {
  expect(read("АWS – ѕесrеt")).toBe("AWS – secret");
  expect(read("se\u200bcr\u0301et\ufe0f")).toBe("secret");
  expect(read("ｓｅｃｒｅｔ\u00a0ﬁle")).toBe("secret file");
});

test("usual signs are no reason to read a text again", () => {
  expect(read("a plain text")).toBeUndefined();
  expect(read("“quoted” – and so on … → ≤ 3 × 4")).toBeUndefined();
  expect(normaliseLetters(Buffer.from([0xff, 0x41, 0xc3]))).toBeUndefined();
});

test("it does not matter what stands around: a text reads as its parts do", () => {
  const part = fc.string({ unit: "binary", maxLength: 4 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const whole = parts.join(" ");
      expect(read(whole) ?? whole).toBe(parts.map((one) => read(one) ?? one).join(" "));
    }),
  );
});
