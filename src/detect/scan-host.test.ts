import fc from "fast-check";
import { expect, test } from "vitest";
import { findOverEncoding } from "./over-encoding.ts";
import { scanHostLabels } from "./scan-host.ts";

const encodingsOf = (name: string, strict = false) => scanHostLabels(name.split("."), strict)?.encodings ?? [];
const hex = (text: string) => Buffer.from(text).toString("hex");

test.each([
  ["hex", hex("my secret")],
  ["hex", `a.${hex("my secret")}.b`],
  ["base64", Buffer.from("a secret of mine").toString("base64url")],
  ["base32", "NVXXEZJAORSXQ5BANFZSA"],
  ["pieces", "first1.second.third3.x"],
  ["length", Array.from({ length: 12 }, (_, at) => `${"abcdefgh".slice(0, 7 + (at % 2))}x`).join(".")],
])("%s is seen in %s", (encoding, name) => expect(encodingsOf(name)).toEqual([encoding]));

test.each([
  "api",
  "cdnjs",
  "docs.en",
  "d111111abcdef8",
  "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2",
  "123456789012.dkr.ecr.us-east-1",
  "550e8400-e29b-41d4-a716-446655440000",
  "bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce",
  "productionresultssa12",
])("a name that services give out is none: %s", (name) => expect(encodingsOf(name)).toEqual([]));

test("what looks drawn at random counts when asked for", () => {
  expect(encodingsOf("jbswy3dpehpk3pxp")).toEqual([]);
  expect(encodingsOf("jbswy3dpehpk3pxp", true)).toEqual(["random"]);
  expect(encodingsOf("550e8400-e29b-41d4-a716-446655440000", true)).toEqual([]);
});

test("any text in hex is seen, wherever it stands", () => {
  const text = fc.string({ unit: fc.constantFrom(..."abcXYZ 0189_-:/"), minLength: 6, maxLength: 30 });
  fc.assert(
    fc.property(text, fc.array(fc.constantFrom("www", "eu", "a1"), { maxLength: 2 }), (secret, others) => {
      expect(scanHostLabels([...others, hex(secret), "x"], false)?.rule).toBe("data-in-host");
    }),
  );
});

test("letters that are percent-encoded twice are seen, what programs encode twice is not", () => {
  expect(findOverEncoding("/x?k=%2541%254b")).toMatchObject({ rule: "over-encoded", offset: 5, length: 10 });
  expect(findOverEncoding("/x?k=%252541%252542")).toBeDefined();
  for (const url of ["/x?k=%41%42", "/x?next=%252Fa%252Fb%253Fc%253D1", "/x?q=100%2540", "/x?q=%25253A%25252F"]) {
    expect(findOverEncoding(url)).toBeUndefined();
  }
});
