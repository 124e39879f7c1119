import { isAscii, isUtf8 } from "node:buffer";

/** Letters of other scripts that look like Latin ones. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  ...{
    а: "a",
    в: "b",
    с: "c",
    ԁ: "d",
    е: "e",
    һ: "h",
    і: "i",
    ј: "j",
    к: "k",
    ӏ: "l",
    м: "m",
    о: "o",
    р: "p",
    ԛ: "q",
    ѕ: "s",
    т: "t",
  },
  ...{
    у: "y",
    ѵ: "v",
    ԝ: "w",
    х: "x",
    А: "A",
    В: "B",
    С: "C",
    Е: "E",
    Н: "H",
    І: "I",
    Ј: "J",
    К: "K",
    М: "M",
    О: "O",
    Р: "P",
  },
  ...{
    Ѕ: "S",
    Т: "T",
    У: "Y",
    Х: "X",
    Ԍ: "G",
    Ү: "Y",
    Α: "A",
    Β: "B",
    Ε: "E",
    Ζ: "Z",
    Η: "H",
    Ι: "I",
    Κ: "K",
    Μ: "M",
    Ν: "N",
  },
  ...{
    Ο: "O",
    Ρ: "P",
    Τ: "T",
    Υ: "Y",
    Χ: "X",
    α: "a",
    γ: "y",
    ι: "i",
    κ: "k",
    ν: "v",
    ο: "o",
    ρ: "p",
    τ: "t",
    υ: "u",
    χ: "x",
  },
  ...{ ı: "i", ɑ: "a", ɡ: "g", ո: "n", ս: "u", օ: "o", հ: "h", Ꭺ: "A", Ꮯ: "C", Ꮪ: "S", Ꮮ: "L", Ꮇ: "M", Ꮖ: "I" },
};
const INVISIBLE =
  /\u034f|[\u00ad\u061c\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]|[\u180b-\u180f]|\u17b4|\u17b5|[\ufe00-\ufe0f]|\udb40[\udc00-\udfff]/g;
const MARKS = /\p{M}/gu;

/** Longer stretches than this do not come again and again, as dashes and quotation marks do */
const REMEMBERED = 8;
/** Usual in any text, and nothing that hides something: three dots in one sign are no part of a secret */
const USUAL: readonly string[] = [..."–—‘’“”•·×→←≤≥✓…©°"];

/** Text with look-alike letters, invisible characters and marks replaced by what a reader sees; undefined when there are none. */
export function normaliseLetters(bytes: Buffer): Buffer | undefined {
  if (isAscii(bytes) || !isUtf8(bytes)) return undefined;
  const text = bytes.toString("utf8");
  const seen = new Map(USUAL.map((sign) => [sign, sign]));
  let changed = false;
  const plain = text.replace(/[^\0-\x7f]+/g, (foreign) => {
    const known = seen.get(foreign);
    if (known !== undefined) return known;
    const normal = normalise(foreign);
    changed ||= normal !== foreign;
    if (foreign.length <= REMEMBERED) seen.set(foreign, normal);
    return normal;
  });
  return changed ? Buffer.from(plain) : undefined;
}

/** What decomposes by itself does so next to anything: no letter of ASCII takes part. */
function normalise(foreign: string): string {
  return foreign
    .replace(INVISIBLE, "")
    .normalize("NFKD")
    .replace(MARKS, "")
    .replace(/[^\0-\x7f]/g, (letter) => LOOKALIKES[letter] ?? letter);
}

/** What letters say that no screen shows: the tag characters of Unicode, and bytes in its variation selectors. */
export function readTags(text: string): string {
  let out = "";
  for (const [letter] of text.matchAll(/[\u{e0020}-\u{e007e}]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu)) {
    const point = letter.codePointAt(0) ?? 0;
    if (point >= 0xe0100) out += String.fromCharCode(point - 0xe0100 + 16);
    else if (point >= 0xe0020) out += String.fromCharCode(point - 0xe0000);
    else out += String.fromCharCode(point - 0xfe00);
  }
  return out.length >= SHORTEST_HIDDEN ? out : "";
}

/** The same of bytes, when it is long enough to say something. */
export function hiddenLetters(bytes: Buffer): Buffer | undefined {
  if (isAscii(bytes) || !(bytes.includes(TAG_BYTES) || bytes.includes(SELECTOR_BYTES)) || !isUtf8(bytes))
    return undefined;
  const said = readTags(bytes.toString("utf8"));
  return said === "" ? undefined : Buffer.from(said);
}

/** How tags and most selectors begin in UTF-8, and the first sixteen selectors do */
const TAG_BYTES = Buffer.from([0xf3, 0xa0]);
const SELECTOR_BYTES = Buffer.from([0xef, 0xb8]);
const SHORTEST_HIDDEN = 12;
