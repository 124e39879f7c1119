import { BASE32 } from "./base32.ts";
import type { BothWays, Detector, Finding } from "./finding.ts";
import { mirrored, PatternSet } from "./pattern-set.ts";

/** A secret of the bottle itself, and the name by which it may be spoken of. */
export type KnownValue = { readonly name: string; readonly value: string };

/** Name of the secret that is planted in a bottle in order to be stolen; no variable can be called so. */
export const CANARY = "canary of this bottle";

/** Shorter values stand in innocent text too often */
const SHORTEST = 8;
/** Encoded pieces shorter than this say nothing */
const SHORTEST_PIECE = 8;

type Needle = {
  readonly bytes: Buffer;
  readonly fold: boolean;
  readonly name: string;
  readonly encoding: string | undefined;
};

/** Finds the bottle's own secrets, as they are and as common encodings spell them wherever they begin, separators or not. */
export function makeKnownValueDetector(values: readonly KnownValue[]): Detector {
  const usable = values.filter(({ value }) => value.length >= SHORTEST);
  const needles = unique(usable.flatMap(needlesOf));
  const search = new PatternSet(needles);
  const bothWays = new PatternSet([...needles, ...needles.map(mirrored)]);
  const squeezed = unique(usable.flatMap(squeezedNeedles));
  const searchSqueezed = new PatternSet(squeezed);
  const mayHold = makeSqueezedFilter(squeezed);
  const searchWith = (set: PatternSet, bytes: Buffer): BothWays => {
    const findings: Finding[] = [];
    let backwards = false;
    set.find(bytes, (offset, index) => {
      const needle = needles[index];
      if (needle !== undefined) findings.push(makeFinding(needle, offset, needle.bytes.length));
      else backwards = true;
      return findings.length >= 20;
    });
    if (findings.length > 0) return { findings, backwards: true };
    if (!mayHold(bytes)) return { findings, backwards };
    // each stands there backwards as well: what is found in either direction is found here
    searchSqueezed.find(squeeze(bytes), (_, index) => {
      const needle = squeezed[index];
      if (needle !== undefined) findings.push(makeFinding(needle, 0, bytes.length));
      return true;
    });
    return { findings, backwards };
  };
  return {
    name: "known",
    scan: (bytes) => searchWith(search, bytes).findings,
    scanBothWays: (bytes) => searchWith(bothWays, bytes),
  };
}

function needlesOf({ name, value }: KnownValue): readonly Needle[] {
  const bytes = Buffer.from(value);
  const make = (encoding: string | undefined, form: Buffer | string, fold = false): Needle => {
    return { name, encoding, fold, bytes: typeof form === "string" ? Buffer.from(form, "latin1") : form };
  };
  return [
    make(undefined, bytes, true),
    make("reversed", Buffer.from(bytes).reverse(), true),
    make("hex", bytes.toString("hex"), true),
    make("utf-16", Buffer.from(value, "utf16le")),
    make("rot13", value.replace(/[A-Za-z]/g, rotate), true),
    make("base58", base58(bytes)),
    ...[0, 1, 2].flatMap((shift) => {
      const core = base64Core(bytes, shift);
      const forUrls = core.replaceAll("+", "-").replaceAll("/", "_");
      return [make("base64", core), make("base64", forUrls), make("uuencode", uuencoded(core))];
    }),
    ...[0, 1, 2, 3, 4].map((shift) => make("base32", base32Core(bytes, shift), true)),
    ...[0, 1, 2, 3].flatMap((shift) =>
      [ASCII85, RFC1924, Z85].map((digits) => make("base85", base85Core(bytes, shift, digits))),
    ),
  ].filter((needle) => needle.bytes.length >= SHORTEST_PIECE);
}

/** A value as text may spell it: plain, reversed, in hexadecimal, base64 and base32, wherever it begins. */
export function spellingsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    [...value].reverse().join(""),
    bytes.toString("hex"),
    ...[0, 1, 2].map((shift) => base64Core(bytes, shift)),
    ...[0, 1, 2, 3, 4].map((shift) => base32Core(bytes, shift)),
  ];
}

function squeezedNeedles({ name, value }: KnownValue): readonly Needle[] {
  const bytes = squeeze(Buffer.from(value));
  const reversed = Buffer.from(bytes).reverse();
  return [bytes, reversed]
    .filter((form) => form.length >= SHORTEST)
    .map((form) => ({ name, encoding: "separators", fold: true, bytes: form }));
}

/** Letters and digits only. */
function squeeze(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    out[length] = byte; // overwritten by the next one when it does not count
    length += KEPT[byte] as number;
  }
  return out.subarray(0, length);
}

const KEPT = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0));

/** Whether the first letters and digits of some text stand somewhere in this order, whatever is between them. */
function makeSqueezedFilter(needles: readonly Needle[]): (bytes: Buffer) => boolean {
  const heads = new Set<number>();
  const ends = new Uint8Array(END + 1);
  for (const { bytes } of needles) {
    const head = bytes.subarray(0, FILTERED).reduce((before, byte) => (before << 5) | (byte & 31), 0);
    heads.add(head);
    ends[head & END] = 1;
  }
  return (bytes) => {
    if (heads.size === 0) return false;
    for (let place = nextEnd(bytes, 0, 0, ends); place !== undefined; ) {
      if (heads.has(place.head & FILTER)) return true;
      place = nextEnd(bytes, place.at + 1, place.head, ends);
    }
    return false;
  };
}

/**
 * The next place that may be the last letter of a head, as its last three tell, and the letters up to there. Nothing else is in
 * it: a call in its loop would make it several times slower.
 */
function nextEnd(bytes: Buffer, from: number, before: number, ends: Uint8Array) {
  const shifts = SHIFTS;
  const letters = LETTERS;
  let head = before | 0; // an integer of 32 bits from the start, so that V8 keeps it in one
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    // what does not count shifts by nothing: a branch here would be guessed wrong half of the time
    head = (head << (shifts[byte] as number)) | (letters[byte] as number);
    if (ends[head & END] === 1) return { at, head };
  }
  return undefined;
}

/** So many letters and digits, five bits of each: the same for small ones and capitals */
const FILTERED = 6;
const FILTER = (1 << (5 * FILTERED)) - 1;
/** The last three of them */
const END = 0x7fff;
const SHIFTS = KEPT.map((kept) => kept * 5);
const LETTERS = KEPT.map((kept, byte) => kept * (byte & 31));

/** The characters that depend on the value alone, when `shift` bytes of its first group stand before it. */
function base64Core(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString("base64")
    .replace(/=+$/, "");
  const bits = (shift + bytes.length) * 8;
  return whole.slice(Math.ceil((shift * 8) / 6), Math.floor(bits / 6));
}

/** The same bits in the digits of uuencode. */
function uuencoded(base64: string): string {
  return base64.replace(/./g, (digit) => String.fromCharCode(32 + (BASE64.indexOf(digit) || 64)));
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** A number as a whole: what stands next to it in the same text changes every digit. */
function base58(bytes: Buffer): string {
  let text = "";
  for (let left = BigInt(`0x0${bytes.toString("hex")}`); left > 0n; left /= 58n)
    text = BASE58[Number(left % 58n)] + text;
  return text;
}

function rotate(letter: string): string {
  const code = letter.charCodeAt(0);
  return String.fromCharCode(code + ((code & 31) > 13 ? -13 : 13));
}

function base32Core(bytes: Buffer, shift: number): string {
  let text = "";
  let [bits, value] = [0, 0];
  for (const byte of Buffer.concat([Buffer.alloc(shift), bytes])) {
    value = ((value << 8) | byte) & 0x1fff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(value >> (bits - 5)) & 31];
  }
  return text.slice(Math.ceil((shift * 8) / 5));
}

const ASCII85 = String.fromCharCode(...Array.from({ length: 85 }, (_, index) => 33 + index));
const RFC1924 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Whole groups of four bytes only: what shares a group with other text cannot be told. */
function base85Core(bytes: Buffer, shift: number, digits: string): string {
  let text = "";
  for (let at = shift === 0 ? 0 : 4 - shift; at + 4 <= bytes.length; at += 4) {
    let value = bytes.readUInt32BE(at);
    let group = "";
    for (let digit = 0; digit < 5; digit++) {
      group = (digits[value % 85] ?? "") + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

function unique(needles: readonly Needle[]): readonly Needle[] {
  return [...new Map(needles.map((needle) => [needle.bytes.toString("latin1"), needle])).values()];
}

function makeFinding(needle: Needle, offset: number, length: number): Finding {
  const encodings = needle.encoding === undefined ? [] : [needle.encoding];
  return {
    rule: "known-value",
    provider: needle.name,
    encodings,
    offset,
    length,
    excerpt: `[${needle.name}]`,
    example: false,
    digest: "",
  };
}
