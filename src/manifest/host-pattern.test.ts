import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHostPattern } from "./host-pattern.ts";

describe("parseHostPattern", () => {
  test.each([
    ["api.example.com", "api.example.com"],
    ["API.Example.COM", "api.example.com"],
    ["*.Example.com", "*.example.com"],
    ["localhost", "localhost"],
    ["my_bucket.s3.example.com", "my_bucket.s3.example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::ffff:127.0.0.1", "::ffff:7f00:1"],
  ])("%s is %s", (text, host) => {
    expect(parseHostPattern(text)).toEqual({ kind: "host", host });
  });

  test.each([
    ["", "is empty"],
    ["https://api.example.com", "is a URL"],
    ["user@example.com", "has a user"],
    ["example.com:443", "has a port"],
    ["[::1]:443", "has a port"],
    ["example.com/path", "has a path"],
    ["example.com?x", "has a path"],
    ["example.com.", "ends with a dot"],
    ["bücher.example", "not ASCII"],
    ["exаmple.com", "not ASCII"],
    ["a b.example", "a blank"],
    ["a\u0000.example", "control character"],
    ["*", "in a place where none can be"],
    ["**.example.com", "in a place where none can be"],
    ["a.*.example.com", "in a place where none can be"],
    ["*example.com", "in a place where none can be"],
    ["*.com", "top-level domain"],
    ["*.127.0.0.1", "unusual form"],
    ["a..example.com", "is not a host name"],
    [".example.com", "is not a host name"],
    ["-a.example.com", "is not a host name"],
    [`${"a".repeat(64)}.example.com`, "is not a host name"],
    [Array.from({ length: 64 }, () => "abc").join("."), "is not a host name"],
    ["127.1", "unusual form"],
    ["2130706433", "unusual form"],
    ["0x7f000001", "unusual form"],
    ["0x7f.0x1", "unusual form"],
    ["010.0.0.1", "unusual form"],
    ["fe80::1%eth0", "has a zone"],
    ["_egress.local", "own proxy"],
  ])("%j is refused", (text, why) => {
    expect(parseHostPattern(text)).toMatchObject({ kind: "refused", why: expect.stringContaining(why) });
  });

  test("a name in another script is answered with the spelling that DNS uses", () => {
    expect(parseHostPattern("*.bücher.example")).toMatchObject({
      hint: "write it as DNS does: *.xn--bcher-kva.example",
    });
  });

  test("what is accepted is its own one spelling, and what the URL standard makes of it", () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9-]{1,8}$/);
    const text = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6(),
      fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
      fc.domain().map((domain) => `*.${domain}`),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (any) => {
        const parsed = parseHostPattern(any);
        if (parsed.kind === "refused") return;
        expect(parseHostPattern(parsed.host)).toEqual(parsed);
        const plain = parsed.host.replace(/^\*\./, "");
        expect(new URL(`http://${plain.includes(":") ? `[${plain}]` : plain}/`).hostname.replace(/^\[|\]$/g, "")).toBe(
          plain,
        );
      }),
      { numRuns: 300 },
    );
  });
});
