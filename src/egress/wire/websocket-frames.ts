import { Malformed } from "./malformed.ts";

/** One frame, unmasked. */
export type Frame = {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
  /** As it came */
  readonly raw: Buffer;
};

const MASKS = {
  client: "a websocket frame of a client without a mask",
  server: "a websocket frame of a server with a mask",
};
const LARGEST = 16 * 1024 * 1024;

/** Cuts what one side sends into frames (RFC 6455 §5). Throws `Malformed` for what was not negotiated or cannot be read. */
export class FrameReader {
  readonly #from: "client" | "server";
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(from: "client" | "server") {
    this.#from = from;
  }

  /** Bytes that wait for the rest of their frame */
  get waiting(): number {
    return this.#size;
  }

  /** The frames that are whole with these bytes. */
  push(bytes: Buffer): readonly Frame[] {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | undefined {
    if (this.#size < 2) return undefined;
    let head = this.#pieces[0] ?? Buffer.alloc(0);
    if (head.length < 14 && head.length < this.#size) head = this.#join();
    const [first = 0, second = 0] = head;
    if ((first & 0x70) !== 0) throw new Malformed("a websocket frame with a compression that was not agreed on");
    const masked = (second & 0x80) !== 0;
    if (masked !== (this.#from === "client")) throw new Malformed(MASKS[this.#from]);
    const short = second & 0x7f;
    const lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
    const start = lengthEnd + (masked ? 4 : 0);
    if (this.#size < start) return undefined;
    const length = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    if (length > LARGEST) throw new Malformed(`a websocket frame larger than ${LARGEST} bytes`);
    const end = start + length;
    if (this.#size < end) return undefined;
    const all = this.#join();
    const raw = all.subarray(0, end);
    this.#pieces = end === all.length ? [] : [all.subarray(end)];
    this.#size -= end;
    return {
      opcode: first & 0x0f,
      final: (first & 0x80) !== 0,
      payload: masked ? unmask(raw, lengthEnd) : raw.subarray(start),
      raw,
    };
  }

  #join(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }
}

function unmask(raw: Buffer, start: number): Buffer {
  const mask = raw.subarray(start, start + 4);
  const payload = Buffer.from(raw.subarray(start + 4));
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] as number) ^ (mask[at & 3] as number);
  return payload;
}

/** A close frame of a server, with its code. */
export function makeCloseFrame(code: number): Buffer {
  return Buffer.from([0x88, 2, code >> 8, code & 0xff]);
}
