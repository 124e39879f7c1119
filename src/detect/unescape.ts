import { type ReplacedView, type Replacement, replacedView, type View } from "./view.ts";

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
const BACKSLASHED = /^\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|([nrt/"'\\]))/;
const ENTITY = /^&(?:#([0-9]{1,7});?|#[xX]([0-9A-Fa-f]{1,6});?|([a-z]{2,8});)/;
/** A text with fewer of them is no quoted-printable, but has parameters */
const LEAST_QUOTED = 4;
const LONGEST = 12;
const [PERCENT, BACKSLASH, AMPERSAND, EQUALS] = [0x25, 0x5c, 0x26, 0x3d];

/** One layer of percent, backslash, entity and quoted-printable escapes undone; undefined when there is none. */
export function unescapeView(below: View): ReplacedView | undefined {
  const { bytes } = below;
  const quoted = isQuotedPrintable(bytes);
  // the next place of each mark, beyond the end when there is none
  let percent = placeOf(bytes, PERCENT, 0);
  let backslash = placeOf(bytes, BACKSLASH, 0);
  let ampersand = placeOf(bytes, AMPERSAND, 0);
  let equals = quoted ? placeOf(bytes, EQUALS, 0) : bytes.length;
  const replaced: Replacement[] = [];
  let out: Buffer | undefined;
  let [read, written] = [0, 0];
  for (;;) {
    const at = Math.min(percent, backslash, ampersand, equals);
    if (at >= bytes.length) break;
    const found = readEscape(bytes, at, bytes[at] as number);
    const after = at + (found?.length ?? 1);
    if (percent < after) percent = placeOf(bytes, PERCENT, after);
    if (backslash < after) backslash = placeOf(bytes, BACKSLASH, after);
    if (ampersand < after) ampersand = placeOf(bytes, AMPERSAND, after);
    if (equals < after) equals = placeOf(bytes, EQUALS, after);
    if (found === undefined) continue;
    out ??= Buffer.allocUnsafe(bytes.length);
    written += bytes.copy(out, written, read, at);
    replaced.push({ from: at, length: found.length, to: written, newLength: found.bytes.length });
    out.set(found.bytes, written);
    written += found.bytes.length;
    read = after;
  }
  if (out === undefined) return undefined;
  written += bytes.copy(out, written, read);
  return replacedView(below, "escapes", out.subarray(0, written), replaced);
}

function placeOf(bytes: Buffer, mark: number, from: number): number {
  const place = bytes.indexOf(mark, from);
  return place === -1 ? bytes.length : place;
}

type Escape = { readonly bytes: Uint8Array; readonly length: number };

const AFTER_BACKSLASH: readonly (Escape | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const letter = LETTERS[String.fromCharCode(byte)];
  return letter === undefined ? undefined : { bytes: Buffer.from(letter), length: 2 };
});

function readEscape(bytes: Buffer, at: number, mark: number): Escape | undefined {
  if (mark === PERCENT || mark === EQUALS) {
    const [high, low] = [digitOf(bytes[at + 1]), digitOf(bytes[at + 2])];
    if (high !== undefined && low !== undefined) return { bytes: Uint8Array.of(high * 16 + low), length: 3 };
    if (mark === EQUALS && bytes[at + 1] === 0x0a) return { bytes: Uint8Array.of(), length: 2 };
    return mark === EQUALS && bytes[at + 1] === 0x0d ? { bytes: Uint8Array.of(), length: 3 } : undefined;
  }
  if (mark === BACKSLASH) {
    const letter = AFTER_BACKSLASH[bytes[at + 1] ?? 0];
    if (letter !== undefined) return letter;
  }
  const text = bytes.toString("latin1", at, at + LONGEST);
  const match = (mark === BACKSLASH ? BACKSLASHED : ENTITY).exec(text);
  const decoded = match === null ? undefined : mark === BACKSLASH ? decodeBackslashed(match) : decodeEntity(match);
  return match === null || decoded === undefined || decoded.length > match[0].length
    ? undefined
    : { bytes: decoded, length: match[0].length };
}

function decodeBackslashed([, four, braced, hex, octal]: RegExpExecArray): Buffer | undefined {
  const unicode = four ?? braced;
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
