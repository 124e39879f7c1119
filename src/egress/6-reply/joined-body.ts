import type { Body } from "../server/body.ts";

/** What was read of a body already, and the rest of it. */
export class JoinedBody implements Body {
  readonly #begun: Buffer[];
  readonly #rest: Body;

  constructor(begun: readonly Buffer[], rest: Body) {
    this.#begun = [...begun];
    this.#rest = rest;
  }

  get done(): boolean {
    return this.#begun.length === 0 && this.#rest.done;
  }

  async read(): Promise<Buffer | undefined> {
    return this.#begun.shift() ?? this.#rest.read();
  }

  tryRead(): Buffer | undefined {
    return this.#begun.shift() ?? this.#rest.tryRead();
  }
}
