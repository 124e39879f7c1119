/** A text to look for, of at least three bytes; with `fold`, ASCII letters in any case. */
export type Pattern = { readonly bytes: Buffer; readonly fold: boolean };

/** Called for each place at which a pattern stands; `true` ends the search. */
export type OnHit = (offset: number, pattern: number) => boolean | undefined;

const HEAD = 3;
const GROUPS = 32;

/**
 * Many texts searched at once, in one pass. Patterns are put into groups; three tables say for each byte which groups may
 * have it as first, second and third, so that almost every place is ruled out by three look-ups.
 */
export class PatternSet {
  readonly #patterns: readonly Pattern[];
  readonly #tables: readonly [Int32Array, Int32Array, Int32Array];
  readonly #groups: readonly (readonly number[])[];
  /** For each pair of bytes, whether some pattern may begin with it */
  readonly #pairs = new Uint8Array(65_536);

  constructor(patterns: readonly Pattern[]) {
    if (patterns.some(({ bytes }) => bytes.length < HEAD)) throw new Error("a pattern of fewer than three bytes");
    this.#patterns = patterns;
    const tables = [new Int32Array(256), new Int32Array(256), new Int32Array(256)] as const;
    const groups: number[][] = Array.from({ length: GROUPS }, () => []);
    // neighbours of the alphabet share a group, which keeps the tables sparse
    const order = patterns.map((_, index) => index).sort((a, b) => compare(patterns[a], patterns[b]));
    order.forEach((index, place) => {
      const group = Math.floor((place * GROUPS) / order.length);
      groups[group]?.push(index);
      const { bytes, fold } = patterns[index] ?? { bytes: Buffer.alloc(HEAD), fold: false };
      tables.forEach((table, at) => {
        for (const byte of spellings(bytes[at] ?? 0, fold)) table[byte] = (table[byte] ?? 0) | (1 << group);
      });
    });
    this.#tables = tables;
    this.#groups = groups;
    for (const { bytes, fold } of patterns) {
      for (const a of spellings(bytes[0] ?? 0, fold)) {
        for (const b of spellings(bytes[1] ?? 0, fold)) this.#pairs[(a << 8) | b] = 1;
      }
    }
  }

  /** Tells every place of every pattern, from the left. */
  find(bytes: Uint8Array, onHit: OnHit): void {
    const [first, second, third] = this.#tables;
    const pairs = this.#pairs;
    const end = bytes.length - HEAD;
    let pair = bytes[0] ?? 0;
    for (let at = 0; at <= end; at++) {
      pair = ((pair << 8) | (bytes[at + 1] as number)) & 0xffff;
      if (pairs[pair] === 0) continue;
      const fits =
        (first[bytes[at] as number] as number) &
        (second[bytes[at + 1] as number] as number) &
        (third[bytes[at + 2] as number] as number);
      if (fits !== 0 && this.#tell(bytes, at, fits, onHit)) return;
    }
  }

  #tell(bytes: Uint8Array, at: number, fits: number, onHit: OnHit): boolean {
    for (let rest = fits; rest !== 0; rest &= rest - 1) {
      const group = 31 - Math.clz32(rest & -rest);
      for (const index of this.#groups[group] ?? []) {
        if (this.#standsAt(bytes, at, index) && onHit(at, index) === true) return true;
      }
    }
    return false;
  }

  #standsAt(bytes: Uint8Array, start: number, index: number): boolean {
    const pattern = this.#patterns[index];
    if (pattern === undefined || start + pattern.bytes.length > bytes.length) return false;
    for (let i = 0; i < pattern.bytes.length; i++) {
      const wanted = pattern.bytes[i] ?? 0;
      const given = bytes[start + i] ?? 0;
      if (wanted !== given && !(pattern.fold && lower(wanted) === lower(given))) return false;
    }
    return true;
  }
}

function compare(a: Pattern | undefined, b: Pattern | undefined): number {
  return Buffer.compare(head(a), head(b));
}

function head(pattern: Pattern | undefined): Buffer {
  return Buffer.from((pattern?.bytes ?? Buffer.alloc(0)).subarray(0, HEAD).toString("latin1").toLowerCase(), "latin1");
}

function spellings(byte: number, fold: boolean): readonly number[] {
  const small = lower(byte);
  return fold && small >= 0x61 && small <= 0x7a ? [small, small - 32] : [byte];
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
