import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAuthority } from "./authority.ts";
import { parseHost, renderHost } from "./host.ts";
import { Malformed } from "./malformed.ts";

test("one canonical spelling", () => {
  expect(parseHost("API.Example.COM")).toEqual({ kind: "name", text: "api.example.com" });
  expect(parseHost("10.0.0.1")).toEqual({ kind: "ipv4", text: "10.0.0.1" });
  expect(parseHost("[2001:DB8:0:0::1]")).toEqual({ kind: "ipv6", text: "2001:db8::1" });
  expect(parseHost("xn--mnchen-3ya.de").kind).toBe("name");
  expect(parseHost("_dmarc.example.com").kind).toBe("name");
});

test("everything that could be read in two ways is refused", () => {
  const odd = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "-a",
    "a-",
    "0177.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "1.2.3.4.5",
    "256.1.1.1",
    "a.0x1",
  ];
  odd.push(
    "[::ffff:1.2.3.4]",
    "[::ffff:102:304]",
    "[fe80::1%eth0]",
    "[fe80::1%25eth0]",
    "[1.2.3.4]",
    "[::1",
    "::1",
    "mün.de",
    "a b",
    "a/b",
    "a%2eb",
    "a@b",
  );
  odd.push("a".repeat(64), `${"a.".repeat(127)}a`, "１２７.0.0.1", "a\0");
  for (const text of odd) expect(() => parseHost(text), JSON.stringify(text)).toThrow(Malformed);
});

test("what is accepted is written back and accepted again, the same", () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text}]`),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(host, (text) => {
      try {
        const parsed = parseHost(text);
        expect(parseHost(renderHost(parsed))).toEqual(parsed);
        expect(parsed.text).toBe(parsed.text.toLowerCase());
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    }),
  );
});

test("ports are plain numbers, user information is refused", () => {
  expect(parseAuthority("a:8443", undefined).port).toBe(8443);
  expect(parseAuthority("[::1]:80", undefined)).toEqual({ host: { kind: "ipv6", text: "::1" }, port: 80 });
  expect(parseAuthority("a", 443).port).toBe(443);
  for (const text of ["a:", "a:0", "a:080", "a:65536", "a:-1", "a: 80", "a:80:80", "u@a:80", "u:p@a", "a"]) {
    expect(() => parseAuthority(text, undefined), text).toThrow(Malformed);
  }
});
