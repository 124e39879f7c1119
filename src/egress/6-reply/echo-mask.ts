const STAR = 0x2a;

/** Secrets made ready to be looked for. */
export type Needles = {
  readonly longestFirst: readonly Buffer[];
  readonly firstBytes: ReadonlySet<number>;
  /** Length of the shortest; what is shorter holds none */
  readonly shortest: number;
};

/** Makes secrets ready to be looked for, once for all streams. */
export function makeNeedles(secrets: readonly Buffer[]): Needles {
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length);
  return {
    longestFirst,
    shortest: longestFirst.at(-1)?.length ?? Number.POSITIVE_INFINITY,
    firstBytes: new Set(secrets.map((secret) => secret[0] ?? 0)),
  };
}

/**
 * Replaces secrets in a stream by stars of the same length, also where one is cut between two pieces, so that lengths
 * and framing stay as they were. Only bytes that could be the beginning of a secret are held back.
 */
export class EchoMask {
  readonly #needles: readonly Buffer[];
  readonly #firstBytes: ReadonlySet<number>;
  readonly #shortest: number;
  #held: Buffer | undefined;

  constructor(needles: Needles) {
    this.#needles = needles.longestFirst;
    this.#firstBytes = needles.firstBytes;
    this.#shortest = needles.shortest;
  }

  /** Takes a piece and gives what can go on. */
  push(piece: Buffer): Buffer {
    if (this.#needles.length === 0) return piece;
    const bytes = this.#held === undefined ? piece : Buffer.concat([this.#held, piece]);
    const masked = this.#mask(bytes);
    const keep = this.#openEnd(masked);
    this.#held = keep === 0 ? undefined : masked.subarray(masked.length - keep);
    return keep === 0 ? masked : masked.subarray(0, masked.length - keep);
  }

  /** Gives what was held back, at the end of the stream. */
  flush(): Buffer | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }

  /** Masks a whole text, such as a header value. */
  maskText(text: string): string {
    if (text.length < this.#shortest) return text;
    return this.#mask(Buffer.from(text, "latin1")).toString("latin1");
  }

  #mask(bytes: Buffer): Buffer {
    let copy: Buffer | undefined;
    for (const needle of this.#needles) {
      for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1)) {
        copy ??= Buffer.from(bytes);
        copy.fill(STAR, at, at + needle.length);
      }
    }
    return copy ?? bytes;
  }

  /** Length of the longest end that may be the beginning of a secret. */
  #openEnd(bytes: Buffer): number {
    const longest = (this.#needles[0]?.length ?? 1) - 1;
    for (let at = Math.max(0, bytes.length - longest); at < bytes.length; at++) {
      if (!this.#firstBytes.has(bytes[at] ?? -1)) continue;
      const end = bytes.subarray(at);
      const open = this.#needles.some(
        (needle) => needle.length > end.length && needle.subarray(0, end.length).equals(end),
      );
      if (open) return end.length;
    }
    return 0;
  }
}
