import { expect, test } from "vitest";
import { type GitObject, splitObjects } from "./object-reader.ts";

const ID = "0123456789".repeat(4);
const CONTENTS = ["a\nb\n", "", "no end of line", `${"long ".repeat(200)}\n`];
const OUTPUT = Buffer.from(CONTENTS.map((text) => `${ID} blob ${text.length}\n${text}\n`).join(""));

async function split(output: Buffer, size: number): Promise<readonly GitObject[]> {
  const objects: GitObject[] = [];
  async function* inPieces() {
    for (let at = 0; at < output.length; at += size) yield output.subarray(at, at + size);
  }
  for await (const object of splitObjects(inPieces())) objects.push(object);
  return objects;
}

test.each([1, 2, 3, 7, 48, 49, 50, 500, OUTPUT.length])("pieces of %i bytes come to the same objects", async (size) => {
  const expected = CONTENTS.map((text) => ({ id: ID, type: "blob", size: text.length, bytes: Buffer.from(text) }));
  expect(await split(OUTPUT, size)).toEqual(expected);
});

test("what ends in the middle of an object, and a line without end, is an error", async () => {
  await expect(split(OUTPUT.subarray(0, -1), 100)).rejects.toThrow("in the middle");
  await expect(split(Buffer.from("x".repeat(2_000)), 100)).rejects.toThrow("a line without end");
  await expect(split(Buffer.from(`${ID} missing\n`), 100)).rejects.toThrow("missing");
});
