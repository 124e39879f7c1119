import fc from "fast-check";
import { expect, test } from "vitest";
import { makeAddressClassifier } from "./address-class.ts";

const classify = makeAddressClassifier();

test("every special network has its class", () => {
  const classes: Record<string, readonly string[]> = {
    private: [
      "127.0.0.1",
      "127.255.255.255",
      "10.1.2.3",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.0.1",
      "100.64.0.1",
      "::1",
      "fd12::1",
      "fc00::1",
    ],
    never: [
      "0.0.0.0",
      "169.254.169.254",
      "168.63.129.16",
      "100.100.100.200",
      "192.0.0.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "240.0.0.1",
      "203.0.113.1",
      "::",
      "fe80::1",
      "fe80::1%eth0",
      "ff02::1",
      "::ffff:8.8.8.8",
      "::ffff:808:808",
      "::8.8.8.8",
      "64:ff9b::808:808",
      "64:ff9b:1::1",
      "2002:7f00:1::",
      "2001::1",
      "2001:db8::1",
      "fec0::1",
      "fd00:ec2::254",
      "100::1",
    ],
    public: ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::8a"],
  };
  for (const [kind, addresses] of Object.entries(classes)) {
    for (const address of addresses) expect(`${address} ${classify(address)}`).toBe(`${address} ${kind}`);
  }
});

test("an address of this machine itself is private, whatever network it is from", () => {
  const own = makeAddressClassifier(() => ["8.8.8.8", "2606:4700:0::1111", "fe80::1", "127.0.0.1"]);
  expect(["8.8.8.8", "2606:4700::1111"].map(own)).toEqual(["private", "private"]);
  expect(["fe80::1", "1.1.1.1", "2606:4700::1112"].map(own)).toEqual(["never", "public", "public"]);
});

test("no IPv6 address outside global unicast is public", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      if (classify(address) === "public") expect(address.toLowerCase()).toMatch(/^[23][0-9a-f]{3}:/);
    }),
    { numRuns: 1000 },
  );
});
