import { createHash } from "node:crypto";
import { type Detector, digestSecret, type Finding, maskSecret } from "./finding.ts";

const CARD =
  /(?<![0-9A-Za-z.])(?:[3-6][0-9]{3}[ -]?(?:[0-9]{4}[ -]?){2}[0-9]{1,7}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5})(?![0-9A-Za-z])/g;
const IBAN = /(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?:[ ]?[0-9A-Z]{4}){2,7}(?:[ ]?[0-9A-Z]{1,3})?(?![0-9A-Za-z])/g;
const BASE58 = /(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{26,112}(?![0-9A-Za-z])/g;
const BECH32 = /(?<![0-9A-Za-z])(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{11,71}(?![0-9A-Za-z])/g;
const ETHEREUM = /(?<![0-9A-Za-z])0x[0-9a-fA-F]{40}(?![0-9A-Za-z])/g;
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Finds card and account numbers, and addresses and keys of currencies, by their check digits. */
export function makePaymentDetector(): Detector {
  return {
    name: "payment",
    scan: (bytes) => {
      const text = bytes.toString("latin1");
      return [
        ...findAll(text, "payment-card", CARD, isCard),
        ...findAll(text, "bank-account", IBAN, isIban),
        ...findAll(text, "currency-key", BASE58, isBase58Check),
        ...findAll(text, "currency-address", BECH32, isBech32),
        ...findAll(text, "currency-address", ETHEREUM, (value) => new Set(value).size > 8),
      ];
    },
  };
}

function findAll(text: string, rule: string, form: RegExp, check: (value: string) => boolean): readonly Finding[] {
  return [...text.matchAll(form)]
    .filter(([value]) => check(value))
    .map(({ 0: value, index }) => ({
      ...{ rule, provider: "any", encodings: [], offset: index, length: value.length },
      ...{ excerpt: maskSecret(value.slice(0, 15)), example: false, digest: digestSecret(value) },
    }));
}

function isCard(value: string): boolean {
  const digits = value.replace(/[^0-9]/g, "");
  if (digits.length < 13 || digits.length > 19 || new Set(digits).size < 2) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

function isIban(value: string): boolean {
  const plain = value.replaceAll(" ", "");
  if (plain.length < 15 || plain.length > 34) return false;
  const moved = plain.slice(4) + plain.slice(0, 4);
  let rest = 0;
  for (const character of moved) rest = Number(`${rest}${Number.parseInt(character, 36)}`) % 97;
  return rest === 1;
}

function isBase58Check(value: string): boolean {
  let number = 0n;
  for (const character of value) number = number * 58n + BigInt(ALPHABET.indexOf(character));
  const zeros = /^1*/.exec(value)?.[0].length ?? 0;
  const hex = number.toString(16);
  const body = Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex")]);
  if (body.length < 25 || body.length > 82) return false;
  const payload = body.subarray(0, -4);
  return sha256(sha256(payload)).subarray(0, 4).equals(body.subarray(-4));
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function isBech32(value: string): boolean {
  const one = value.lastIndexOf("1");
  const prefix = value.slice(0, one);
  const values = [...value.slice(one + 1)].map((character) => "qpzry9x8gf2tvdw0s3jn54khce6mua7l".indexOf(character));
  const expanded = [
    ...[...prefix].map((c) => c.charCodeAt(0) >> 5),
    0,
    ...[...prefix].map((c) => c.charCodeAt(0) & 31),
  ];
  let check = 1;
  for (const part of [...expanded, ...values]) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ part;
    [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].forEach((generator, bit) => {
      if ((top >> bit) & 1) check ^= generator;
    });
  }
  return check === 1 || check === 0x2bc830a3;
}
