import type { Body } from "../server/body.ts";

/** A body that is in memory as a whole. */
export class HeldBody implements Body {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes.length === 0 ? undefined : bytes;
  }

  get done(): boolean {
    return this.#bytes === undefined;
  }

  async read(): Promise<Buffer | undefined> {
    return this.tryRead();
  }

  tryRead(): Buffer | undefined {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    return bytes;
  }
}
