import { isMeaningful } from "./meaning.ts";
import { stretchView, type View } from "./view.ts";

const SPACED_HEX = /(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[-:., _]{1,2}){7,}(?:0x|\\x)?[0-9A-Fa-f]{2}/g;
const SPACED_TEXT = /(?:[0-9A-Za-z][-_., |*+~]){11,}[0-9A-Za-z]/g;
/** Bytes between two places that are looked at; whatever the forms above match covers one of these places and as much behind it */
const STEP = 12;
const LETTER = 1;
const SEPARATOR = 2;
const HEX = 4;
/** What pairs of hexadecimal digits and what is between them have in common */
const PAIRS = 8;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/[0-9A-Fa-fx]/.test(character)) return LETTER | HEX | PAIRS;
  if (/[0-9A-Za-z]/.test(character)) return LETTER;
  return /[-_., :|*+~\\]/.test(character) ? SEPARATOR | PAIRS : 0;
});

/** What letters, or pairs of hexadecimal digits, mean that stand apart from each other. */
export function* decodeSpaced(below: View): Generator<View> {
  for (const [start, end] of findSpaced(below.bytes)) {
    const text = below.bytes.toString("latin1", start, end);
    for (const { 0: run, index } of text.matchAll(SPACED_HEX)) {
      const bytes = Buffer.from(run.replace(/0x|\\x|[^0-9A-Fa-f]/g, ""), "hex");
      if (isMeaningful(bytes)) yield stretchView(below, "hex", bytes, start + index, run.length);
    }
    for (const { 0: run, index } of text.matchAll(SPACED_TEXT)) {
      const bytes = Buffer.from(run.replace(/[^0-9A-Za-z]/g, ""), "latin1");
      yield stretchView(below, "separators", bytes, start + index, run.length);
    }
  }
}

/** Stretches of letters and separators in which one of the forms may be. */
function findSpaced(bytes: Buffer): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  let done = 0;
  for (let at = nextPlace(bytes, 0); at + STEP <= bytes.length; at = nextPlace(bytes, at + STEP)) {
    if (!alternates(bytes, at) && !isPairs(bytes, at)) continue;
    let [start, end] = [at, at + STEP];
    while (start > done && KINDS[bytes[start - 1] as number] !== 0) start--;
    while (end < bytes.length && KINDS[bytes[end] as number] !== 0) end++;
    found.push([start, end]);
    done = end;
    at = end - (end % STEP);
  }
  return found;
}

/** The next of the places that are looked at where one of the forms may be, as the first four bytes tell. */
function nextPlace(bytes: Buffer, from: number): number {
  const kinds = KINDS;
  let at = from;
  for (; at + STEP <= bytes.length; at += STEP) {
    const first = kinds[bytes[at] as number] as number;
    const second = kinds[bytes[at + 1] as number] as number;
    const third = kinds[bytes[at + 2] as number] as number;
    const fourth = kinds[bytes[at + 3] as number] as number;
    const repeats = ((first ^ third) | (second ^ fourth)) & (LETTER | SEPARATOR);
    if (repeats === 0 && ((first | second) & (LETTER | SEPARATOR)) === (LETTER | SEPARATOR)) return at;
    if ((first & second & third & fourth & PAIRS) !== 0) return at;
  }
  return at;
}

/** A letter, a separator, a letter, and so on. */
function alternates(bytes: Buffer, at: number): boolean {
  let before = (KINDS[bytes[at] as number] as number) & 3;
  if (before === 0) return false;
  for (let next = at + 1; next < at + STEP; next++) {
    const kind = (KINDS[bytes[next] as number] as number) & 3;
    if (kind + before !== (LETTER | SEPARATOR)) return false;
    before = kind;
  }
  return true;
}

/** Hexadecimal digits, never more than a pair with its prefix, and separators. */
function isPairs(bytes: Buffer, at: number): boolean {
  let letters = 0;
  let separators = 0;
  for (let next = at; next < at + STEP; next++) {
    const kind = KINDS[bytes[next] as number] as number;
    if ((kind & SEPARATOR) !== 0) {
      separators++;
      letters = 0;
    } else if ((kind & HEX) === 0 || ++letters > 4) return false;
  }
  return separators > 0;
}
