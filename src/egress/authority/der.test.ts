import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHost } from "../wire/host.ts";
import { makeCertificateAuthority } from "./certificate-authority.ts";
import { encodeDer, encodeOid, encodeTime, encodeUnsigned } from "./der.ts";

describe("DER", () => {
  test.each([
    ["00", "020100"],
    ["7f", "02017f"],
    ["80", "02020080"],
    ["0000ff", "020200ff"],
    ["0100", "02020100"],
  ])("the number %s is written as %s", (bytes, der) => {
    expect(encodeUnsigned(Buffer.from(bytes, "hex")).toString("hex")).toBe(der);
  });

  test.each([
    ["2.5.4.3", "0603550403"],
    ["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
    ["1.3.6.1.5.5.7.3.1", "06082b06010505070301"],
  ])("the identifier %s is written as %s", (text, der) => {
    expect(encodeOid(text).toString("hex")).toBe(der);
  });

  test("lengths are as short as they can be", () => {
    for (const [length, head] of [
      [0, "0400"],
      [127, "047f"],
      [128, "048180"],
      [256, "04820100"],
      [65_536, "0483010000"],
    ] as const) {
      expect(
        encodeDer(4, Buffer.alloc(length))
          .subarray(0, head.length / 2)
          .toString("hex"),
      ).toBe(head);
    }
  });

  test("years from 2050 on have four digits", () => {
    expect(encodeTime(new Date("2049-12-31T23:59:59.999Z")).toString("latin1")).toBe("\x17\x0d491231235959Z");
    expect(encodeTime(new Date("2050-01-01T00:00:00Z")).toString("latin1")).toBe("\x18\x0f20500101000000Z");
  });
});

describe("certificates, read back by OpenSSL's parser", () => {
  const now = new Date("2027-03-04T05:06:07Z");
  const clock = { now: () => now };

  test("the authority says what it is", async () => {
    const authority = await makeCertificateAuthority("dev-abcde", clock);
    const read = new X509Certificate(authority.certificateDer);
    expect(read.subject).toBe("CN=bot-bottle dev-abcde");
    expect(read.ca).toBe(true);
    expect(read.checkIssued(read)).toBe(true);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(new X509Certificate(authority.certificatePem).fingerprint256).toBe(read.fingerprint256);
    expect(Date.parse(read.validFrom)).toBe(now.getTime() - 3_600_000);
  });

  test.each([
    "a.example.com",
    "10.1.2.3",
    "[2001:4860:4860::8888]",
    "[::1]",
    "[fe80::]",
    `${"a".repeat(63)}.example.com`,
  ])("a leaf for %s is for it alone", async (text) => {
    const authority = await makeCertificateAuthority("dev-abcde", clock);
    const host = parseHost(text);
    const leaf = await authority.issue(host);
    const [read, issuer] = [new X509Certificate(leaf.certificatePem), new X509Certificate(authority.certificatePem)];
    expect(read.verify(issuer.publicKey)).toBe(true);
    expect(read.checkIssued(issuer)).toBe(true);
    expect(read.ca).toBe(false);
    expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(host.kind === "name" ? read.checkHost(host.text) : read.checkIP(host.text)).toBe(host.text);
    expect(read.checkHost("other.example.com")).toBeUndefined();
    expect(read.checkIP("10.1.2.4")).toBeUndefined();
    expect(createPublicKey(leaf.keyPem).equals(read.publicKey)).toBe(true);
    expect(leaf.until.getTime() - now.getTime()).toBeLessThan(7 * 24 * 3_600_000);
  });

  test("any name and any address comes back as it went in", async () => {
    const authority = await makeCertificateAuthority("dev-abcde", clock);
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => `[${groups.join(":")}]`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.domain(), fc.ipV4(), ipv6), async (text) => {
        let host: ReturnType<typeof parseHost>;
        try {
          host = parseHost(text);
        } catch {
          return; // no host that could be asked for
        }
        const read = new X509Certificate((await authority.issue(host)).certificatePem);
        expect(host.kind === "name" ? read.checkHost(host.text) : read.checkIP(host.text)).toBe(host.text);
      }),
    );
  });

  test("another authority of the same name did not sign it", async () => {
    const [one, other] = [await makeCertificateAuthority("x", clock), await makeCertificateAuthority("x", clock)];
    const read = new X509Certificate((await one.issue(parseHost("a.example"))).certificatePem);
    expect(read.verify(new X509Certificate(other.certificatePem).publicKey)).toBe(false);
    expect(read.verify(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey)).toBe(false);
  });
});
