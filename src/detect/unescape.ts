import { mappedView, type View } from "./view.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  sol: "/",
  plus: "+",
  equals: "=",
  lowbar: "_",
  hyphen: "-",
};
const BACKSLASH: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "/": "/",
  '"': '"',
  "'": "'",
  "\\": "\\",
};
const ESCAPE =
  /%([0-9A-Fa-f]{2})|\\u\{?([0-9A-Fa-f]{4,6})\}?|\\x([0-9A-Fa-f]{2})|\\([0-3][0-7]{2})|\\([nrt/"'\\])|&#([0-9]{1,7});?|&#[xX]([0-9A-Fa-f]{1,6});?|&([a-z]{2,8});|=([0-9A-F]{2})|=\r?\n/g;
/** A text with fewer of them is no quoted-printable, but has parameters */
const LEAST_QUOTED = 4;

/** One layer of percent, backslash, entity and quoted-printable escapes undone; undefined when there is none. */
export function unescapeView(below: View): View | undefined {
  const { bytes } = below;
  const marks = [0x25, 0x5c, 0x26, 0x3d];
  if (!marks.some((mark) => bytes.includes(mark))) return undefined;
  const text = bytes.toString("latin1");
  const quoted = (text.match(/=[0-9A-F]{2}/g)?.length ?? 0) >= LEAST_QUOTED;
  const pieces: Buffer[] = [];
  const origins = new Uint32Array(bytes.length + 1);
  let written = 0;
  let at = 0;
  let changed = false;
  const copy = (to: number): void => {
    for (let from = at; from < to; from++) origins[written++] = from;
    pieces.push(bytes.subarray(at, to));
  };
  for (const match of text.matchAll(ESCAPE)) {
    const decoded = decode(match, quoted);
    if (decoded === undefined || decoded.length > match[0].length) continue;
    copy(match.index);
    for (let i = 0; i < decoded.length; i++) origins[written++] = match.index;
    pieces.push(decoded);
    at = match.index + match[0].length;
    changed = true;
  }
  if (!changed) return undefined;
  copy(bytes.length);
  origins[written] = bytes.length;
  return mappedView(below, "escapes", Buffer.concat(pieces), origins);
}

function decode(match: RegExpMatchArray, quoted: boolean): Buffer | undefined {
  const [whole, percent, unicode, hex, octal, letter, decimal, entityHex, name, printable] = match;
  const byte = percent ?? hex ?? (quoted ? printable : undefined);
  if (byte !== undefined) return Buffer.from([Number.parseInt(byte, 16)]);
  if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)]);
  if (letter !== undefined) return Buffer.from(BACKSLASH[letter] ?? "");
  if (name !== undefined) return ENTITIES[name] === undefined ? undefined : Buffer.from(ENTITIES[name]);
  const code = unicode ?? entityHex;
  const point = code === undefined ? Number(decimal) : Number.parseInt(code, 16);
  if (Number.isInteger(point) && point >= 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) {
    return Buffer.from(String.fromCodePoint(point));
  }
  return quoted && whole?.startsWith("=") === true && whole.endsWith("\n") ? Buffer.alloc(0) : undefined;
}
