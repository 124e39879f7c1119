import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeNumbers } from "./number-runs.ts";
import { plainView } from "./view.ts";

const read = (text: string) => [...decodeNumbers(plainView(Buffer.from(text)))].map(({ bytes }) => bytes.toString());
const codes = (text: string) => [...Buffer.from(text)];

test("lists of numbers are read as letters, wherever they stand and whatever is between two", () => {
  const between = fc.constantFrom(",", ", ", " ", ",\n    ", ")+chr(", "-");
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{12,60}$/), between, fc.nat(40), (text, comma, before) => {
      const list = codes(text).join(comma);
      expect(read(`${"x".repeat(before)}(${list});`)).toContain(text);
    }),
  );
  const binary = (text: string) => codes(text).map((code) => code.toString(2).padStart(8, "0"));
  expect(read(binary("some letters").join(" "))).toEqual(["some letters"]);
});

test("other numbers are not", () => {
  expect(read("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]")).toEqual([]);
  expect(read("83, 101; 99, 114; 101, 116; 83, 101; 99, 114")).toEqual([]);
  expect(read("2024-01-02T03:04:05.678Z, 1234567890, 0.5, 99 %, 12:30:45, 0x5f, 1e100")).toEqual([]);
});

test("any bytes are read in bounded time", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const view of decodeNumbers(plainView(Buffer.from(bytes)))) expect(view.bytes.length).toBeGreaterThan(7);
    }),
  );
  const many = Buffer.alloc(300_000, "83,");
  expect([...decodeNumbers(plainView(many))]).toHaveLength(1);
});
