import type { Body } from "./body.ts";

/** A body that knows how much of it was taken, and how it began. */
export class CountedBody implements Body {
  readonly #body: Body;
  readonly #most: number;
  #pieces: Buffer[] = [];
  #kept = 0;
  #bytes = 0;

  /** Keeps the first `most` bytes. */
  constructor(body: Body, most = 0) {
    this.#body = body;
    this.#most = most;
  }

  /** Bytes that were given out so far */
  get bytes(): number {
    return this.#bytes;
  }

  /** As many of the first bytes as are kept */
  get beginning(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get done(): boolean {
    return this.#body.done;
  }

  async read(): Promise<Buffer | undefined> {
    return this.#count(await this.#body.read());
  }

  tryRead(): Buffer | undefined {
    return this.#count(this.#body.tryRead());
  }

  #count(piece: Buffer | undefined): Buffer | undefined {
    if (piece === undefined) return undefined;
    this.#bytes += piece.length;
    if (this.#kept < this.#most) {
      const part = Buffer.from(piece.subarray(0, this.#most - this.#kept));
      this.#pieces.push(part);
      this.#kept += part.length;
    }
    return piece;
  }
}
