import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { makeKnownValueDetector } from "./known-values.ts";
import { makeTokenDetector } from "./scan-tokens.ts";
import { scanWholly } from "./scan-wholly.ts";

const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const OWN = "p9/Xk+2mQ-vR4sL8nW1b_Y6c";
const detectors = [makeTokenDetector(), makeKnownValueDetector([{ name: "API_TOKEN", value: OWN }])];
const rulesIn = (bytes: Buffer | string) => scanWholly(Buffer.from(bytes), detectors).map(({ rule }) => rule);
const base64 = (text: string) => Buffer.from(text).toString("base64");
const hex = (text: string) => Buffer.from(text).toString("hex");
const part = (bytes: Buffer) =>
  Buffer.concat([
    Buffer.from('--x\r\nContent-Disposition: form-data; name="f"; filename="a.gz"\r\n\r\n'),
    bytes,
    Buffer.from("\r\n--x--\r\n"),
  ]);

test.each([
  ["hexadecimal in a path", `GET /v1/things/${hex(TOKEN)}/more`],
  ["hexadecimal behind a name", `id-${hex(TOKEN)}`],
  ["base64 deep in a path", `/repos/some/repository/contents/some-folder/another-one/and-more/${base64(TOKEN)}`],
  ["hexadecimal behind much else", `${"abc/".repeat(4_000)}${hex(TOKEN)}`],
  ["a packed file in a form", part(gzipSync(`token ${TOKEN}\n`))],
  ["the second of two packed files", Buffer.concat([gzipSync("a"), Buffer.from("--"), gzipSync(TOKEN)])],
  ["a packed file with its name in it", part(withName(gzipSync(TOKEN)))],
  ["something packed with a byte too many", Buffer.concat([gzipSync(TOKEN), Buffer.from("x")])],
  ["something deflated with a byte too many", Buffer.concat([deflateSync(TOKEN), Buffer.from("x")])],
])("%s is found", (_, bytes) => expect(rulesIn(bytes)).toContain("github-token"));

describe("nothing is left out", () => {
  const texts = Array.from({ length: 5_000 }, (_, n) => base64(`hello world number ${n}`)).join("\n");

  test("behind thousands of encoded texts a token and an own value are found, and alone nothing is", () => {
    expect(rulesIn(texts)).toEqual([]);
    expect(rulesIn(`${texts}\n\n${base64(TOKEN)}`)).toContain("github-token");
    expect(rulesIn(`${texts}\n\n${base64(base64(OWN))}`)).toContain("known-value");
  });

  test("behind tens of thousands of words of a packed text a token is found", () => {
    expect(rulesIn(gzipSync(`${"abcdefghijklmnopq ".repeat(20_000)}${base64(TOKEN)}`))).toContain("github-token");
  });

  test("what is made to exhaust the search is a finding itself", () => {
    const decoys = Buffer.alloc(8 * 1024, Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0x01, 0x02]));
    expect(rulesIn(decoys)).toContain("decoding-bomb");
  });

  test("noise is none of that", () => expect(rulesIn(randomBytes(64 * 1024))).toEqual([]));
});

/** With the name of a file in its header, RFC 1952 §2.3. */
function withName(packed: Buffer): Buffer {
  const head = Buffer.from(packed.subarray(0, 10));
  head[3] = 8;
  return Buffer.concat([head, Buffer.from("name.txt\0"), packed.subarray(10)]);
}
