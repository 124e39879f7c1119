import { describe, expect, test } from "vitest";
import { makePushScan } from "./push-scan.ts";

const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const OWN = "p9/Xk+2mQ-vR4sL8nW1b_Y6c";
const scan = makePushScan([{ name: "API_TOKEN", value: OWN }]);
const base64 = (text: string) => Buffer.from(text).toString("base64");
const repeat = (count: number, make: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n)).join("\n");

describe.each([
  ["encoded texts", (n: number) => base64(`some text ${n} abcd`)],
  ["long words", (n: number) => `abcdefghijklmnopqrst${n}`],
  ["escapes", (n: number) => `\\x61\\x62\\x63 ${n} %41%42`],
])("behind thousands of %s", (_, make) => {
  test.each([100, 1_500, 5_000])("%i: a token and an own value are found, at their place", (count) => {
    const padding = `${repeat(count, make)}\n\n`;
    for (const hidden of [
      base64(`token=${TOKEN}\n`),
      base64(base64(TOKEN)),
      Buffer.from(base64(OWN)).toString("hex"),
    ]) {
      const found = scan(Buffer.from(`${padding}${hidden}\n`));
      expect(found.map(({ rule }) => rule)).toContain(hidden.startsWith("6") ? "known-value" : "github-token");
      expect(found.some(({ offset }) => Math.abs(offset - padding.length) <= 8)).toBe(true);
    }
  });

  test("alone nothing is found", () => expect(scan(Buffer.from(repeat(5_000, make)))).toEqual([]));
});
