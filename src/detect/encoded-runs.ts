import { fromBase32 } from "./base32.ts";
import { stretchView, type View } from "./view.ts";

/** Shorter ones hide nothing worth finding */
const SHORTEST = 16;
const BASE64 = makeClass("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");
const SPACED_HEX = /(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[-:., _]{1,2}){7,}(?:0x|\\x)?[0-9A-Fa-f]{2}/g;
const SPACED_TEXT = /(?:[0-9A-Za-z][-_., |*+~]){11,}[0-9A-Za-z]/g;
const HEX = /^[0-9A-Fa-f]+$/;
const BASE32 = /^(?:[A-Z2-7]+|[a-z2-7]+)$/;
const MOST_RUNS = 2_000;
const SAMPLE = 48;
const SAMPLE_STEP = 256;
const LETTER = 1;
const SEPARATOR = 2;
const KINDS = makeKinds();

/** What stretches of a view mean as base64, base32 and hexadecimal, when that looks like something. */
export function* decodeRuns(below: View): Generator<View> {
  let runs = 0;
  for (const [start, end] of findRuns(below.bytes)) {
    if (++runs > MOST_RUNS) return;
    yield* decodeRun(below, start, end);
  }
  yield* decodeSpaced(below);
}

/** Stretches of the alphabet of base64, line ends inside of long ones included; skips by the length of the shortest. */
function* findRuns(bytes: Buffer): Generator<readonly [number, number]> {
  let at = 0;
  while (at + SHORTEST <= bytes.length) {
    let back = at + SHORTEST - 1;
    while (back >= at && BASE64[bytes[back] as number] === 1) back--;
    if (back >= at) {
      at = back + 1;
      continue;
    }
    let end = at + SHORTEST;
    for (;;) {
      while (end < bytes.length && BASE64[bytes[end] as number] === 1) end++;
      const next = afterLineEnd(bytes, end);
      if (next === end || end - at < 60 || next >= bytes.length || BASE64[bytes[next] as number] !== 1) break;
      end = next;
    }
    const padded = end + (/^={0,2}/.exec(bytes.toString("latin1", end, end + 2))?.[0].length ?? 0);
    yield [at, padded];
    at = end + 1;
  }
}

function afterLineEnd(bytes: Buffer, at: number): number {
  let next = at;
  if (bytes[next] === 0x0d) next++;
  return bytes[next] === 0x0a ? next + 1 : at;
}

function* decodeRun(below: View, start: number, end: number): Generator<View> {
  const text = below.bytes.toString("latin1", start, end).replace(/[\r\n=]/g, "");
  const length = end - start;
  if (HEX.test(text)) {
    for (const shift of [0, 1]) {
      const bytes = Buffer.from(text.slice(shift, text.length - ((text.length - shift) % 2)), "hex");
      if (isMeaningful(bytes)) yield stretchView(below, "hex", bytes, start, length);
    }
  }
  if (BASE32.test(text)) {
    const bytes = fromBase32(text.toUpperCase());
    if (isMeaningful(bytes)) yield stretchView(below, "base32", bytes, start, length);
  }
  for (const shift of [0, 1, 2, 3]) {
    const bytes = Buffer.from(shift === 0 ? text : text.slice(shift), "base64url");
    if (isMeaningful(bytes)) yield stretchView(below, "base64", bytes, start, length);
  }
}

function* decodeSpaced(below: View): Generator<View> {
  if (!hasSpaced(below.bytes)) return;
  const text = below.bytes.toString("latin1");
  for (const { 0: run, index } of text.matchAll(SPACED_HEX)) {
    const bytes = Buffer.from(run.replace(/0x|\\x|[^0-9A-Fa-f]/g, ""), "hex");
    if (isMeaningful(bytes)) yield stretchView(below, "hex", bytes, index, run.length);
  }
  for (const { 0: run, index } of text.matchAll(SPACED_TEXT)) {
    yield stretchView(below, "separators", Buffer.from(run.replace(/[^0-9A-Za-z]/g, ""), "latin1"), index, run.length);
  }
}

/** Whether letters or pairs of them stand apart for long enough. */
function hasSpaced(bytes: Buffer): boolean {
  let [letters, singles, pairs] = [0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const kind = KINDS[bytes[at] as number];
    if (kind === LETTER) {
      letters++;
      continue;
    }
    if (kind !== SEPARATOR) singles = pairs = 0;
    else if (letters > 0) {
      singles = letters === 1 ? singles + 1 : 0;
      pairs = letters === 2 || letters === 3 || letters === 4 ? pairs + 1 : 0;
      if (singles >= 11 || pairs >= 7) return true;
    }
    letters = 0;
  }
  return false;
}

/** Text, or something that says it is packed; anything else decodes to noise. */
function isMeaningful(bytes: Buffer): boolean {
  if (bytes.length < 8) return false;
  if (isPacked(bytes)) return true;
  for (let from = 0; from < bytes.length; from += SAMPLE_STEP) if (isText(bytes, from)) return true;
  return false;
}

function isText(bytes: Buffer, from: number): boolean {
  const sample = Math.min(bytes.length - from, SAMPLE);
  if (from > 0 && sample < SAMPLE) return false;
  let text = 0;
  let nul = 0;
  for (let at = from; at < from + sample; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) nul++;
    else if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) text++;
  }
  return text >= sample * 0.7 || (nul >= sample * 0.35 && text >= sample * 0.35);
}

/** Whether bytes begin as gzip, zlib or zstd do. */
export function isPacked(bytes: Buffer): boolean {
  const [a, b] = bytes;
  if (a === 0x1f && b === 0x8b) return true;
  if (a === 0x28 && b === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) return true;
  return a === 0x78 && b !== undefined && ((a << 8) | b) % 31 === 0;
}

function makeClass(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

function makeKinds(): Uint8Array {
  const kinds = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte);
    if (/[0-9A-Za-z]/.test(character)) kinds[byte] = LETTER;
    else if (/[-_., :|*+~\\]/.test(character)) kinds[byte] = SEPARATOR;
  }
  return kinds;
}
