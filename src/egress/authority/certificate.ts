import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import type { Host } from "../wire/host.ts";
import { encodeBits, encodeDer, encodeOid, encodeSequence, encodeTime, encodeUnsigned, TAG } from "./der.ts";

/** The two certificates that a bottle needs, and nothing else of X.509. */
type CertificateShape =
  | { readonly kind: "authority" }
  | { readonly kind: "leaf"; readonly host: Host; readonly issuerKey: KeyObject };

/** What a certificate says. */
type CertificateFacts = {
  readonly shape: CertificateShape;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** P-256, as is the key that signs */
  readonly publicKey: KeyObject;
};

const ECDSA_WITH_SHA256 = encodeSequence(encodeOid("1.2.840.10045.4.3.2"));
const VERSION_3 = encodeDer(0xa0, encodeUnsigned(Buffer.from([2])));
const TRUE = encodeDer(TAG.boolean, Buffer.from([0xff]));
const SERVER_AUTH = encodeOid("1.3.6.1.5.5.7.3.1");
/** Bytes of a P-256 public key at the end of its SubjectPublicKeyInfo */
const POINT_BYTES = 65;

/** A certificate (RFC 5280), signed with the key of its issuer, DER. */
export function makeCertificate(facts: CertificateFacts, issuerPrivateKey: KeyObject): Buffer {
  const { shape, publicKey } = facts;
  const extensions = shape.kind === "authority" ? authorityExtensions(publicKey) : leafExtensions(shape, publicKey);
  const body = encodeSequence(
    VERSION_3,
    encodeUnsigned(makeSerial()),
    ECDSA_WITH_SHA256,
    encodeName(facts.issuer),
    encodeSequence(encodeTime(facts.notBefore), encodeTime(facts.notAfter)),
    encodeName(facts.subject),
    exportPublic(publicKey),
    encodeDer(0xa3, encodeSequence(...extensions)),
  );
  const signature = sign("sha256", body, { key: issuerPrivateKey, dsaEncoding: "der" });
  return encodeSequence(body, ECDSA_WITH_SHA256, encodeBits(signature));
}

function authorityExtensions(publicKey: KeyObject): readonly Buffer[] {
  return [
    encodeExtension("2.5.29.19", encodeSequence(TRUE, encodeUnsigned(Buffer.from([0]))), "critical"), // signs no authority
    encodeExtension("2.5.29.15", encodeBits(Buffer.from([0b0000_0110]), 1), "critical"), // keyCertSign, cRLSign
    encodeExtension("2.5.29.14", encodeDer(TAG.octetString, keyIdentifier(publicKey))),
  ];
}

function leafExtensions(shape: Extract<CertificateShape, { kind: "leaf" }>, publicKey: KeyObject): readonly Buffer[] {
  return [
    encodeExtension("2.5.29.19", encodeSequence(), "critical"),
    encodeExtension("2.5.29.15", encodeBits(Buffer.from([0b1000_0000]), 7), "critical"), // digitalSignature
    encodeExtension("2.5.29.37", encodeSequence(SERVER_AUTH)),
    encodeExtension("2.5.29.17", encodeSequence(encodeAlternativeName(shape.host))),
    encodeExtension("2.5.29.35", encodeSequence(encodeDer(0x80, keyIdentifier(shape.issuerKey)))),
    encodeExtension("2.5.29.14", encodeDer(TAG.octetString, keyIdentifier(publicKey))),
  ];
}

function encodeExtension(oid: string, value: Buffer, critical?: "critical"): Buffer {
  return encodeSequence(encodeOid(oid), ...(critical ? [TRUE] : []), encodeDer(TAG.octetString, value));
}

function encodeName(commonName: string): Buffer {
  const pair = encodeSequence(encodeOid("2.5.4.3"), encodeDer(TAG.utf8, Buffer.from(commonName)));
  return encodeSequence(encodeDer(TAG.set, pair));
}

function encodeAlternativeName({ kind, text }: Host): Buffer {
  switch (kind) {
    case "name":
      return encodeDer(0x82, Buffer.from(text, "ascii"));
    case "ipv4":
      return encodeDer(0x87, Buffer.from(text.split(".").map(Number)));
    case "ipv6":
      return encodeDer(0x87, parseIpv6(text));
  }
}

/** The 16 bytes of an address in its canonical spelling, which has no IPv4 part. */
function parseIpv6(text: string): Buffer {
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const gap = new Array<number>(8 - first.length - last.length).fill(0);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...first, ...gap, ...last].entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

/** SHA-1 over the bits of the key, RFC 5280 4.2.1.2 (1): a name for it, not a protection. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash("sha1").update(exportPublic(publicKey).subarray(-POINT_BYTES)).digest();
}

function exportPublic(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}

/** 128 random bits, of which the first two make it positive and never short. */
function makeSerial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}
