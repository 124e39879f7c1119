/** A text to look for, of at least three bytes; with `fold`, ASCII letters in any case. */
export type Pattern = { readonly bytes: Buffer; readonly fold: boolean };

/** Called for each place at which a pattern stands; `true` ends the search. */
export type OnHit = (offset: number, pattern: number) => boolean | undefined;

/** A pattern as it is compared. */
type Candidate = { readonly bytes: Uint8Array; readonly fold: boolean; readonly index: number };

const HEAD = 3;
/** Three bytes are known by five bits each, which is a letter in any case, so that all tables stay in the nearest cache */
const LOW = 0x1f;
/** What three bytes may be of some pattern: its first ones, or those behind the first */
const BEGINS = 1;
const FOLLOWS = 2;
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));

/**
 * Many texts searched at once, in one pass that looks at every second place only: whatever stands in a text has its first three
 * bytes there, or those behind the first.
 */
export class PatternSet {
  readonly #marks = new Uint8Array(1 << 15);
  /** Patterns by their first three bytes, each in the order in which they were given */
  readonly #candidates = new Map<number, Candidate[]>();

  constructor(patterns: readonly Pattern[]) {
    if (patterns.some(({ bytes }) => bytes.length < HEAD)) throw new Error("a pattern of fewer than three bytes");
    for (const [index, { bytes, fold }] of patterns.entries()) {
      const candidate = { bytes: fold ? bytes.map((byte) => LOWER[byte] ?? 0) : bytes, fold, index };
      const place = headOf(bytes, 0);
      const others = this.#candidates.get(place);
      if (others === undefined) this.#candidates.set(place, [candidate]);
      else others.push(candidate);
      this.#mark(place, BEGINS);
      // anything may stand behind a pattern of three
      const tail = headOf(bytes, 1);
      if (bytes.length > HEAD) this.#mark(tail, FOLLOWS);
      else for (let any = 0; any <= LOW; any++) this.#mark((tail & ~LOW) | any, FOLLOWS);
    }
  }

  /** Tells every place of every pattern, from the left. */
  find(bytes: Uint8Array, onHit: OnHit): void {
    const marks = this.#marks;
    const last = bytes.length - HEAD;
    if (last < 0) return;
    let first = (bytes[0] as number) & LOW;
    let at = 0;
    for (; at <= last; at += 2) {
      const third = (bytes[at + 2] as number) & LOW;
      const mark = marks[(first << 10) | (((bytes[at + 1] as number) & LOW) << 5) | third] as number;
      first = third;
      if (mark === 0) continue;
      if ((mark & FOLLOWS) !== 0 && at > 0 && this.#tell(bytes, at - 1, onHit)) return;
      if ((mark & BEGINS) !== 0 && this.#tell(bytes, at, onHit)) return;
    }
    if (at - 1 === last) this.#tell(bytes, last, onHit);
  }

  #tell(bytes: Uint8Array, at: number, onHit: OnHit): boolean {
    const candidates = this.#candidates.get(headOf(bytes, at));
    if (candidates === undefined) return false;
    for (const candidate of candidates) {
      if (standsAt(bytes, at, candidate) && onHit(at, candidate.index) === true) return true;
    }
    return false;
  }

  #mark(place: number, as: number): void {
    this.#marks[place] = (this.#marks[place] ?? 0) | as;
  }
}

/** Five bits each, as in the loop above, which calls nothing because it runs before anything is compiled. */
function headOf(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  return ((first & LOW) << 10) | ((second & LOW) << 5) | (third & LOW);
}

function standsAt(bytes: Uint8Array, start: number, { bytes: wanted, fold }: Candidate): boolean {
  if (start + wanted.length > bytes.length) return false;
  for (let i = 0; i < wanted.length; i++) {
    const given = bytes[start + i] as number;
    if ((fold ? LOWER[given] : given) !== wanted[i]) return false;
  }
  return true;
}
