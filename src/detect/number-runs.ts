import { stretchView, type View } from "./view.ts";

/** Fewer numbers in a row say nothing worth finding */
const LEAST = 8;
const LONGEST_BETWEEN = 12;
/** Bytes between two places that are looked at, three at each: any list that is long enough has a digit at one of them */
const STEP = 12;
const LOOKED_AT = 3;
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x30 && byte <= 0x39 ? 1 : 0));

/** What lists of numbers mean as letters: `[83, 101, …]`, `chr(83)+chr(101)…` or digits of two, eight for each letter. */
export function* decodeNumbers(below: View): Generator<View> {
  const { bytes } = below;
  for (let at = nextDigits(bytes, 0); at + LOOKED_AT <= bytes.length; at = nextDigits(bytes, at + STEP)) {
    const run = readRun(bytes, at);
    if (run === undefined) continue;
    yield stretchView(below, "numbers", Buffer.from(run.letters), run.start, run.end - run.start);
    at = Math.max(at, run.end - STEP);
  }
}

/** The next place with a digit, of those that are looked at. */
function nextDigits(bytes: Buffer, from: number): number {
  const digits = DIGITS;
  let at = from;
  for (; at + LOOKED_AT <= bytes.length; at += STEP) {
    const any = (digits[bytes[at] as number] as number) | (digits[bytes[at + 1] as number] as number);
    if ((any | (digits[bytes[at + 2] as number] as number)) !== 0) return at;
  }
  return at;
}

type Run = { readonly start: number; readonly end: number; readonly letters: readonly number[] };

/** A list that has a number at `from` or just behind, with the same between each two. */
function readRun(bytes: Buffer, from: number): Run | undefined {
  let start = from;
  while (DIGITS[bytes[start] as number] === 0) start++;
  while (start > 0 && from - start < 8 && DIGITS[bytes[start - 1] as number] === 1) start--;
  if (letterOf(bytes, start, endOfNumber(bytes, start)) === undefined) return undefined; // as most numbers end here
  const letters: number[] = [];
  let between = "";
  let end = start;
  for (let at = start; ; ) {
    const after = endOfNumber(bytes, at);
    const letter = letterOf(bytes, at, after);
    if (letter === undefined) break;
    letters.push(letter);
    end = after;
    if (letters.length === 1) {
      let next = after;
      while (next < bytes.length && next - after <= LONGEST_BETWEEN && DIGITS[bytes[next] as number] === 0) next++;
      between = bytes.toString("latin1", after, next);
      if (between === "" || between.length > LONGEST_BETWEEN) return undefined;
    } else if (bytes.toString("latin1", after, after + between.length) !== between) break;
    at = after + between.length;
  }
  if (letters.length < 2) return undefined;
  for (let before = letterBefore(bytes, start, between); before !== undefined; ) {
    letters.unshift(before.letter);
    start = before.at;
    before = letterBefore(bytes, start, between);
  }
  return letters.length < LEAST ? undefined : { start, end, letters };
}

function letterBefore(bytes: Buffer, start: number, between: string) {
  const end = start - between.length;
  if (bytes.toString("latin1", Math.max(0, end), start) !== between) return undefined;
  let at = end;
  while (at > 0 && end - at < 9 && DIGITS[bytes[at - 1] as number] === 1) at--;
  const letter = letterOf(bytes, at, end);
  return at === end || letter === undefined ? undefined : { at, letter };
}

function endOfNumber(bytes: Buffer, from: number): number {
  let end = from;
  while (end - from < 9 && DIGITS[bytes[end] as number] === 1) end++;
  return end;
}

/** A letter that can be printed, or a space of any kind; in digits of ten, or in seven or eight of two. */
function letterOf(bytes: Buffer, from: number, to: number): number | undefined {
  const base = to - from > 3 ? 2 : 10;
  if (base === 2 && to - from !== 7 && to - from !== 8) return undefined;
  let code = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit >= base) return undefined;
    code = code * base + digit;
  }
  return (code >= 0x20 && code < 0x7f) || (code >= 0x09 && code <= 0x0d) ? code : undefined;
}
