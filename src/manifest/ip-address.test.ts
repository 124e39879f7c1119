import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIpv4, parseIpv6 } from "./ip-address.ts";
import { parseSocketAddress } from "./socket-address.ts";

const near = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc.stringMatching(/^[0-9.]{1,15}$/),
  fc.stringMatching(/^[0-9a-fA-F:.]{2,20}$/),
  fc.string(),
);

describe("parseIpv4 and parseIpv6", () => {
  test("accept what Node accepts", () => {
    fc.assert(
      fc.property(near, (text) => {
        expect(parseIpv4(text) !== undefined).toBe(isIPv4(text));
        expect(parseIpv6(text) !== undefined).toBe(isIPv6(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("one address has one spelling", () => {
    expect(["::1", "0:0:0:0:0:0:0:1", "0000::0001"].map(parseIpv6)).toEqual(["::1", "::1", "::1"]);
    expect(["::ffff:10.0.0.1", "::FFFF:A00:1"].map(parseIpv6)).toEqual(["::ffff:a00:1", "::ffff:a00:1"]);
    expect(["1.2.3.4", "01.2.3.4", "1.2.3", "1.2.3.256"].map(parseIpv4)).toEqual([
      "1.2.3.4",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("parseSocketAddress", () => {
  test("what it takes apart is what was put together", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65535 }), (address, port) => {
        const text = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
        expect(parseSocketAddress(text)).toEqual({ address: parseIpv6(address) ?? address, port });
      }),
    );
  });

  test.each([
    "",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:0",
    "127.0.0.1:65536",
    "::1:80",
    "[::1]",
    "[127.0.0.1]:80",
    "a:80",
  ])("%j is none", (text) => {
    expect(parseSocketAddress(text)).toBeUndefined();
  });
});
