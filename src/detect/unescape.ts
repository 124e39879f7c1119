import { mappedView, type View } from "./view.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", sol: "/" },
  ...{ plus: "+", equals: "=", lowbar: "_", hyphen: "-", colon: ":", period: ".", comma: "," },
};
const LETTERS: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "/": "/",
  '"': '"',
  "'": "'",
  "\\": "\\",
};
const BACKSLASHED = /^\\(?:u\{?([0-9A-Fa-f]{4,6})\}?|x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|([nrt/"'\\]))/;
const ENTITY = /^&(?:#([0-9]{1,7});?|#[xX]([0-9A-Fa-f]{1,6});?|([a-z]{2,8});)/;
/** A text with fewer of them is no quoted-printable, but has parameters */
const LEAST_QUOTED = 4;
const LONGEST = 12;
const [PERCENT, BACKSLASH, AMPERSAND, EQUALS] = [0x25, 0x5c, 0x26, 0x3d];

/** One layer of percent, backslash, entity and quoted-printable escapes undone; undefined when there is none. */
export function unescapeView(below: View): View | undefined {
  const { bytes } = below;
  const marks = [PERCENT, BACKSLASH, AMPERSAND].some((mark) => bytes.includes(mark));
  const quoted = isQuotedPrintable(bytes);
  if (!marks && !quoted) return undefined;
  const out = Buffer.allocUnsafe(bytes.length);
  const origins = new Uint32Array(bytes.length + 1);
  let written = 0;
  let changed = false;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    const isMark = byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND || (quoted && byte === EQUALS);
    const found = isMark ? readEscape(bytes, at, byte) : undefined;
    if (found === undefined) {
      origins[written] = at++;
      out[written++] = byte;
      continue;
    }
    changed = true;
    for (const decoded of found.bytes) {
      origins[written] = at;
      out[written++] = decoded;
    }
    at += found.length;
  }
  if (!changed) return undefined;
  origins[written] = bytes.length;
  return mappedView(below, "escapes", out.subarray(0, written), origins);
}

type Escape = { readonly bytes: Uint8Array; readonly length: number };

function readEscape(bytes: Buffer, at: number, mark: number): Escape | undefined {
  if (mark === PERCENT || mark === EQUALS) {
    const [high, low] = [digitOf(bytes[at + 1]), digitOf(bytes[at + 2])];
    if (high !== undefined && low !== undefined) return { bytes: Uint8Array.of(high * 16 + low), length: 3 };
    if (mark === EQUALS && bytes[at + 1] === 0x0a) return { bytes: Uint8Array.of(), length: 2 };
    return mark === EQUALS && bytes[at + 1] === 0x0d ? { bytes: Uint8Array.of(), length: 3 } : undefined;
  }
  if (mark === BACKSLASH) {
    const letter = LETTERS[String.fromCharCode(bytes[at + 1] ?? 0)];
    if (letter !== undefined) return { bytes: Buffer.from(letter), length: 2 };
  }
  const text = bytes.toString("latin1", at, at + LONGEST);
  const match = (mark === BACKSLASH ? BACKSLASHED : ENTITY).exec(text);
  const decoded = match === null ? undefined : mark === BACKSLASH ? decodeBackslashed(match) : decodeEntity(match);
  return match === null || decoded === undefined || decoded.length > match[0].length
    ? undefined
    : { bytes: decoded, length: match[0].length };
}

function decodeBackslashed([, unicode, hex, octal]: RegExpExecArray): Buffer | undefined {
  if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)]);
  if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)]);
  return unicode === undefined ? undefined : fromPoint(Number.parseInt(unicode, 16));
}

function decodeEntity([, decimal, hex, name]: RegExpExecArray): Buffer | undefined {
  if (name !== undefined) return ENTITIES[name] === undefined ? undefined : Buffer.from(ENTITIES[name]);
  return fromPoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
}

function fromPoint(point: number): Buffer | undefined {
  if (!Number.isInteger(point) || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
  return Buffer.from(String.fromCodePoint(point));
}

function digitOf(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}

function isQuotedPrintable(bytes: Buffer): boolean {
  let found = 0;
  for (let at = bytes.indexOf(EQUALS); at !== -1 && found < LEAST_QUOTED; at = bytes.indexOf(EQUALS, at + 1)) {
    if (digitOf(bytes[at + 1]) !== undefined && digitOf(bytes[at + 2]) !== undefined) found++;
  }
  return found >= LEAST_QUOTED;
}
