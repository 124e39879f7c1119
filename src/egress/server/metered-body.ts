import type { Body } from "./body.ts";

/** A body whose pieces are told to somebody as they are taken, who may throw. */
export class MeteredBody implements Body {
  readonly #body: Body;
  readonly #onPiece: (bytes: number, before: number) => void;
  #taken = 0;

  constructor(body: Body, onPiece: (bytes: number, before: number) => void) {
    this.#body = body;
    this.#onPiece = onPiece;
  }

  get done(): boolean {
    return this.#body.done;
  }

  async read(): Promise<Buffer | undefined> {
    return this.#tell(await this.#body.read());
  }

  tryRead(): Buffer | undefined {
    return this.#tell(this.#body.tryRead());
  }

  #tell(piece: Buffer | undefined): Buffer | undefined {
    if (piece === undefined) return undefined;
    const before = this.#taken;
    this.#taken += piece.length;
    this.#onPiece(piece.length, before);
    return piece;
  }
}
