import type { Body } from "./body.ts";

/** A body that knows how much of it was taken. */
export class CountedBody implements Body {
  readonly #body: Body;
  #bytes = 0;

  constructor(body: Body) {
    this.#body = body;
  }

  /** Bytes that were given out so far */
  get bytes(): number {
    return this.#bytes;
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
    this.#bytes += piece?.length ?? 0;
    return piece;
  }
}
