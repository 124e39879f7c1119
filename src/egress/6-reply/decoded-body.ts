import { pipeline, Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Body } from "../server/body.ts";
import { Malformed } from "../wire/malformed.ts";

/** A body without its content encoding, unpacked as it is read; undefined for an encoding that is not known. */
export function openDecodedBody(body: Body, encoding: string): Body | undefined {
  const decoder = makeDecoder(encoding);
  return decoder === undefined ? undefined : new DecodedBody(body, decoder);
}

function makeDecoder(encoding: string): Transform | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

class DecodedBody implements Body {
  readonly #pieces: AsyncIterator<Buffer>;
  #done = false;

  constructor(body: Body, decoder: Transform) {
    pipeline(Readable.from(piecesOf(body)), decoder, () => {}); // the iterator below reports the failure
    this.#pieces = decoder[Symbol.asyncIterator]();
  }

  get done(): boolean {
    return this.#done;
  }

  async read(): Promise<Buffer | undefined> {
    try {
      const next = await this.#pieces.next();
      this.#done = next.done === true;
      return next.done === true ? undefined : next.value;
    } catch {
      throw new Malformed("a body that does not unpack");
    }
  }

  tryRead(): Buffer | undefined {
    return undefined;
  }
}

async function* piecesOf(body: Body): AsyncGenerator<Buffer> {
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) yield piece;
}
