/** A text to look for, of at least three bytes; with `fold`, ASCII letters in any case. */
export type Pattern = { readonly bytes: Buffer; readonly fold: boolean };

/** Called for each place at which a pattern stands; `true` ends the search. */
export type OnHit = (offset: number, pattern: number) => boolean | undefined;

/** A pattern as it is compared. */
type Candidate = { readonly bytes: Uint8Array; readonly fold: boolean; readonly index: number };

const HEAD = 3;
/** Bytes are known by five bits each, which is a letter in any case */
const LOW = 0x1f;
/** Fifteen bits: three bytes */
const PLACE = 0x7fff;
const ANY = -1;
const NONE: readonly Candidate[] = [];
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));

/** Many texts searched at once, in one pass: what the first three bytes do not rule out the fourth one does most often. */
export class PatternSet {
  /** For the first three bytes of a pattern, a bit for each that may be its fourth; none for three that begin no pattern */
  readonly #fourths = new Int32Array(PLACE + 1);
  /** Patterns by their first three bytes, each in the order in which they were given */
  readonly #candidates = new Array<Candidate[] | undefined>(PLACE + 1).fill(undefined);

  constructor(patterns: readonly Pattern[]) {
    if (patterns.some(({ bytes }) => bytes.length < HEAD)) throw new Error("a pattern of fewer than three bytes");
    for (const [index, { bytes, fold }] of patterns.entries()) {
      const candidate = { bytes: fold ? bytes.map((byte) => LOWER[byte] ?? 0) : bytes, fold, index };
      const place = placeOf(bytes, 0);
      const others = this.#candidates[place];
      if (others === undefined) this.#candidates[place] = [candidate];
      else others.push(candidate);
      const fourth = bytes[HEAD];
      this.#fourths[place] = (this.#fourths[place] ?? 0) | (fourth === undefined ? ANY : 1 << (fourth & LOW));
    }
  }

  /** Tells every place of every pattern, from the left. */
  find(bytes: Uint8Array, onHit: OnHit): void {
    const fourths = this.#fourths;
    const candidates = this.#candidates;
    const last = bytes.length - HEAD;
    for (let at = 0; at <= last; at++) {
      at = nextPlace(bytes, at, last, fourths);
      for (const candidate of candidates[placeOf(bytes, at)] ?? NONE) {
        if (standsAt(bytes, at, candidate) && onHit(at, candidate.index) === true) return;
      }
    }
  }
}

/**
 * The next place at which a pattern may stand, or the last one, at which nothing is behind three bytes. There is nothing else in
 * it: it has to be fast, and whatever V8 first meets behind a long loop costs it the compiled loop each time.
 */
function nextPlace(bytes: Uint8Array, from: number, last: number, fourths: Int32Array): number {
  let at = from;
  let place = placeOf(bytes, at);
  for (; at < last; at++) {
    const fourth = (bytes[at + HEAD] as number) & LOW;
    if ((((fourths[place] as number) >>> fourth) & 1) !== 0) return at;
    place = ((place << 5) | fourth) & PLACE;
  }
  return at;
}

/** A pattern as it reads backwards. */
export function mirrored({ bytes, fold }: Pattern): Pattern {
  return { bytes: Buffer.from(bytes).reverse(), fold };
}

/** Five bits each. */
function placeOf(bytes: Uint8Array, at: number): number {
  const [first, second, third] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number];
  return ((first & LOW) << 10) | ((second & LOW) << 5) | (third & LOW);
}

function standsAt(bytes: Uint8Array, start: number, { bytes: wanted, fold }: Candidate): boolean {
  if (start + wanted.length > bytes.length) return false;
  // from the end: the first bytes are known to be much the same
  for (let i = wanted.length - 1; i >= 0; i--) {
    const given = bytes[start + i] as number;
    if ((fold ? LOWER[given] : given) !== wanted[i]) return false;
  }
  return true;
}
