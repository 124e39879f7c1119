import { ChunkDecoder } from "../wire/chunk-decoder.ts";
import type { Framing } from "../wire/framing.ts";
import { Malformed } from "../wire/malformed.ts";
import type { Channel } from "./channel.ts";

/** A message's body, taken from its connection piece by piece as it is asked for. */
export interface Body {
  /** The next piece, or undefined after the last. Throws `Malformed` for bad framing, `PeerGone` when it is cut off. */
  read(): Promise<Buffer | undefined>;
  /** A piece that is already there. */
  tryRead(): Buffer | undefined;
  /** Whether the last piece has been given out */
  readonly done: boolean;
}

/** The body that follows a head on this connection; what comes after it stays there unread. */
export function openBody(channel: Channel, framing: Framing): Body {
  switch (framing.kind) {
    case "none":
      return new LengthBody(channel, 0);
    case "length":
      return new LengthBody(channel, framing.bytes);
    case "chunked":
      return new ChunkedBody(channel);
    case "until-close":
      return new RestBody(channel);
  }
}

class LengthBody implements Body {
  readonly #channel: Channel;
  #left: number;

  constructor(channel: Channel, bytes: number) {
    this.#channel = channel;
    this.#left = bytes;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  async read(): Promise<Buffer | undefined> {
    if (this.#left === 0) return undefined;
    const bytes = await this.#channel.read();
    if (bytes === undefined) throw new Malformed("a body shorter than its Content-Length");
    return this.#take(bytes);
  }

  tryRead(): Buffer | undefined {
    const bytes = this.#left === 0 ? undefined : this.#channel.tryRead();
    return bytes === undefined ? undefined : this.#take(bytes);
  }

  #take(bytes: Buffer): Buffer {
    const piece = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#channel.unread(bytes.subarray(piece.length));
    this.#left -= piece.length;
    return piece;
  }
}

class ChunkedBody implements Body {
  readonly #channel: Channel;
  readonly #decoder = new ChunkDecoder();
  #payload: Buffer[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get done(): boolean {
    return this.#decoder.done && this.#payload.length === 0;
  }

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const piece = this.#payload.shift();
      if (piece !== undefined) return piece;
      if (this.#decoder.done) return undefined;
      const bytes = await this.#channel.read();
      if (bytes === undefined) throw new Malformed("a chunked body that is cut off");
      this.#take(bytes);
    }
  }

  tryRead(): Buffer | undefined {
    while (this.#payload.length === 0 && !this.#decoder.done) {
      const bytes = this.#channel.tryRead();
      if (bytes === undefined) return undefined;
      this.#take(bytes);
    }
    return this.#payload.shift();
  }

  /** Neighbouring chunks are joined: a peer that sends tiny ones must not cost a write each. */
  #take(bytes: Buffer): void {
    const { payload, rest } = this.#decoder.push(bytes);
    if (rest !== undefined) this.#channel.unread(rest);
    if (payload.length > 0) this.#payload.push(payload.length === 1 ? (payload[0] ?? bytes) : Buffer.concat(payload));
  }
}

class RestBody implements Body {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get done(): boolean {
    return this.#channel.ended && this.#channel.buffered === 0;
  }

  read(): Promise<Buffer | undefined> {
    return this.#channel.read();
  }

  tryRead(): Buffer | undefined {
    return this.#channel.tryRead();
  }
}
