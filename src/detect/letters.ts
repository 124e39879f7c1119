import { isUtf8 } from "node:buffer";

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

/** Text with look-alike letters, invisible characters and marks replaced by what a reader sees; undefined when there are none. */
export function normaliseLetters(bytes: Buffer): Buffer | undefined {
  if (!hasHighBytes(bytes) || !isUtf8(bytes)) return undefined;
  const text = bytes.toString("utf8");
  const plain = text
    .replace(INVISIBLE, "")
    .normalize("NFKD")
    .replace(MARKS, "")
    .replace(/[^\0-\x7f]/g, (letter) => LOOKALIKES[letter] ?? letter);
  return plain === text ? undefined : Buffer.from(plain);
}

function hasHighBytes(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte > 0x7f) return true;
  return false;
}
