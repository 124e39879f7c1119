import { fromBase32 } from "./base32.ts";
import { isMeaningful, mayMeanSomething } from "./meaning.ts";
import { stretchView, type View } from "./view.ts";

/** Shorter ones hide nothing worth finding */
const SHORTEST = 16;
/** Line ends are part of what is longer than this */
const LINE = 60;
/** Of longer ones only what is hexadecimal or base32 is looked for part by part: paths and names are shorter */
const LONGEST_PARTED = 4 * 1024;
const PADDING = 0x3d;
const [BASE64, HEX, CAPITAL_32, SMALL_32] = [1, 2, 4, 8];
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => classOf(String.fromCharCode(byte)));

/** What stretches of a view mean as base64, base32 and hexadecimal, when that looks like something. */
export function* decodeRuns(below: View): Generator<View> {
  for (const [start, end] of findRuns(below.bytes)) yield* decodeRun(below, start, end);
}

/** Stretches of the alphabet of base64, line ends inside of long ones included; skips by the length of the shortest. */
function findRuns(bytes: Buffer): readonly (readonly [number, number])[] {
  const classes = CLASSES;
  const found: [number, number][] = [];
  for (let at = nextStart(bytes, 0); at + SHORTEST <= bytes.length; ) {
    let end = at + SHORTEST;
    for (;;) {
      while (end < bytes.length && classes[bytes[end] as number] !== 0) end++;
      const next = afterLineEnd(bytes, end);
      if (next === end || end - at < LINE || next >= bytes.length || classes[bytes[next] as number] === 0) break;
      end = next;
    }
    let padded = end;
    while (padded < end + 2 && bytes[padded] === PADDING) padded++;
    found.push([at, padded]);
    at = nextStart(bytes, end + 1);
  }
  return found;
}

/** Where the next stretch begins; with fewer bytes behind it than the shortest has when there is none. */
function nextStart(bytes: Buffer, from: number): number {
  const classes = CLASSES;
  let at = from;
  while (at + SHORTEST <= bytes.length) {
    let back = at + SHORTEST - 1;
    while (back >= at && classes[bytes[back] as number] !== 0) back--;
    if (back < at) return at;
    at = back + 1;
  }
  return at;
}

function afterLineEnd(bytes: Buffer, at: number): number {
  let next = at;
  if (bytes[next] === 0x0d) next++;
  return bytes[next] === 0x0a ? next + 1 : at;
}

function* decodeRun(below: View, start: number, end: number): Generator<View> {
  const { bytes } = below;
  const length = end - start;
  let all = HEX | CAPITAL_32 | SMALL_32;
  let [ends, part] = [0, start];
  for (let at = start; at <= end; at++) {
    const kind = at === end ? BASE64 : (CLASSES[bytes[at] as number] as number);
    if (kind === BASE64) {
      // a slash, a dash: what follows a path or a name may be encoded by itself
      if (at - part >= SHORTEST && at - part < length) yield* decodePart(below, part, at, length <= LONGEST_PARTED);
      part = at + 1;
    }
    if (at === end) break;
    if (kind === 0) ends++;
    else all &= kind;
  }
  const text = all === 0 && ends === 0 ? undefined : digitsOf(bytes, start, end);
  if (text !== undefined && (all & HEX) !== 0) {
    for (const shift of [0, 1]) {
      const decoded = Buffer.from(text.slice(shift, text.length - ((text.length - shift) % 2)), "hex");
      if (isMeaningful(decoded)) yield stretchView(below, "hex", decoded, start, length);
    }
  }
  if (text !== undefined && (all & (CAPITAL_32 | SMALL_32)) !== 0) {
    const decoded = fromBase32(text.toUpperCase());
    if (isMeaningful(decoded)) yield stretchView(below, "base32", decoded, start, length);
  }
  for (const shift of [0, 1, 2, 3]) {
    if (ends === 0 && !mayMeanSomething(bytes, start + shift, end)) continue;
    const decoded = Buffer.from((text ?? digitsOf(bytes, start, end)).slice(shift), "base64url");
    if (isMeaningful(decoded)) yield stretchView(below, "base64", decoded, start, length);
  }
}

function* decodePart(below: View, start: number, end: number, inBase64: boolean): Generator<View> {
  if (inBase64) return yield* decodeRun(below, start, end);
  let all = HEX | CAPITAL_32 | SMALL_32;
  for (let at = start; at < end && all !== 0; at++) all &= CLASSES[below.bytes[at] as number] as number;
  if (all !== 0) yield* decodeRun(below, start, end);
}

/** A stretch without its line ends and its padding. */
function digitsOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("latin1", start, end).replace(/[\r\n=]/g, "");
}

function classOf(character: string): number {
  if (!/[0-9A-Za-z+/_-]/.test(character)) return 0;
  const hex = /[0-9A-Fa-f]/.test(character) ? HEX : 0;
  const base32 = (/[A-Z2-7]/.test(character) ? CAPITAL_32 : 0) | (/[a-z2-7]/.test(character) ? SMALL_32 : 0);
  return BASE64 | hex | base32;
}
