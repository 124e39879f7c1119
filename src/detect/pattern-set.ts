/** A text to look for, of at least three bytes; with `fold`, ASCII letters in any case. */
export type Pattern = { readonly bytes: Buffer; readonly fold: boolean };

/** Called for each place at which a pattern stands; `true` ends the search. */
export type OnHit = (offset: number, pattern: number) => boolean | undefined;

/** A pattern as it is compared. */
type Candidate = { readonly bytes: Uint8Array; readonly fold: boolean; readonly index: number };

const HEAD = 3;
/** Three bytes are known by five bits each, which is a letter in any case, so that all tables stay in the nearest cache */
const LOW = 0x1f;
const PLACES = 1 << 15;
/** What bytes may be of some pattern: its first ones, or those behind the first */
const BEGINS = 1;
const FOLLOWS = 2;
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
/** Every byte, as far as bytes are told apart */
const ANY: readonly number[] = Array.from({ length: LOW + 1 }, (_, any) => any);

/**
 * Many texts searched at once, in one pass that looks at every second place only: whatever stands in a text has its first three
 * bytes there, or those behind the first. What three bytes do not rule out the fourth one does most often.
 */
export class PatternSet {
  readonly #marks = new Uint8Array(PLACES);
  readonly #closer = new Uint8Array(1 << 16);
  /** Patterns by their first three bytes, each in the order in which they were given */
  readonly #candidates = new Array<Candidate[] | undefined>(PLACES).fill(undefined);

  constructor(patterns: readonly Pattern[]) {
    if (patterns.some(({ bytes }) => bytes.length < HEAD)) throw new Error("a pattern of fewer than three bytes");
    for (const [index, { bytes, fold }] of patterns.entries()) {
      const candidate = { bytes: fold ? bytes.map((byte) => LOWER[byte] ?? 0) : bytes, fold, index };
      const place = placeOf(bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0);
      const others = this.#candidates[place];
      if (others === undefined) this.#candidates[place] = [candidate];
      else others.push(candidate);
      this.#mark(bytes, 0, BEGINS);
      this.#mark(bytes, 1, FOLLOWS);
    }
  }

  /** Tells every place of every pattern, from the left. */
  find(bytes: Uint8Array, onHit: OnHit): void {
    const marks = this.#marks;
    const closer = this.#closer;
    const last = bytes.length - HEAD;
    if (last < 0) return;
    let first = (bytes[0] as number) & LOW;
    let at = 0;
    for (; at <= last; at += 2) {
      const third = (bytes[at + 2] as number) & LOW;
      const place = (first << 10) | (((bytes[at + 1] as number) & LOW) << 5) | third;
      first = third;
      if (marks[place] === 0) continue;
      // no byte behind the last one: whatever stands there is looked at
      const mark = at < last ? (closer[closerOf(place, bytes[at + 3] as number)] as number) : BEGINS | FOLLOWS;
      if (mark === 0) continue;
      if ((mark & FOLLOWS) !== 0 && at > 0 && this.#tell(bytes, at - 1, onHit)) return;
      if ((mark & BEGINS) !== 0 && this.#tell(bytes, at, onHit)) return;
    }
    if (at - 1 === last) this.#tell(bytes, last, onHit);
  }

  #tell(bytes: Uint8Array, at: number, onHit: OnHit): boolean {
    const place = placeOf(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number);
    const candidates = this.#candidates[place];
    if (candidates === undefined) return false;
    for (const candidate of candidates) {
      if (standsAt(bytes, at, candidate) && onHit(at, candidate.index) === true) return true;
    }
    return false;
  }

  /** Marks the four bytes of a pattern from one of its places on, whatever stands behind its end. */
  #mark(bytes: Uint8Array, from: number, as: number): void {
    for (const third of bytesAt(bytes, from + 2)) {
      const place = placeOf(bytes[from] ?? 0, bytes[from + 1] ?? 0, third);
      this.#marks[place] = 1;
      for (const fourth of bytesAt(bytes, from + HEAD)) {
        const closer = closerOf(place, fourth);
        this.#closer[closer] = (this.#closer[closer] ?? 0) | as;
      }
    }
  }
}

/** What may stand at a place of a pattern, or behind its end. */
function bytesAt(bytes: Uint8Array, at: number): readonly number[] {
  const byte = bytes[at];
  return byte === undefined ? ANY : [byte];
}

/** Five bits each. */
function placeOf(first: number, second: number, third: number): number {
  return ((first & LOW) << 10) | ((second & LOW) << 5) | (third & LOW);
}

/** Twenty bits in sixteen. */
function closerOf(place: number, fourth: number): number {
  return ((place << 1) ^ (place >> 11) ^ ((fourth & LOW) * 0x8b1)) & 0xffff;
}

function standsAt(bytes: Uint8Array, start: number, { bytes: wanted, fold }: Candidate): boolean {
  if (start + wanted.length > bytes.length) return false;
  for (let i = 0; i < wanted.length; i++) {
    const given = bytes[start + i] as number;
    if ((fold ? LOWER[given] : given) !== wanted[i]) return false;
  }
  return true;
}
