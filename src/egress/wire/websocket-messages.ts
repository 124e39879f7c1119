import { Malformed } from "./malformed.ts";
import { type Frame, FrameReader } from "./websocket-frames.ts";

/** A message, or a control frame, that has come whole. */
export type Message = {
  readonly kind: "data" | "control";
  readonly payload: Buffer;
  /** Its frames as they came */
  readonly raw: readonly Buffer[];
};

const LARGEST = 16 * 1024 * 1024;
/** Frames without content cost memory too */
const MOST_FRAMES = 16 * 1024;
const FIRST_CONTROL_OPCODE = 8;

/** Joins what one side of a websocket sends into messages, whatever they were cut into. Throws `Malformed` as `FrameReader` does. */
export class MessageReader {
  readonly #frames: FrameReader;
  #open: Frame[] = [];
  #openBytes = 0;
  #openRaw = 0;

  constructor(from: "client" | "server") {
    this.#frames = new FrameReader(from);
  }

  /** Bytes that wait for the rest of their message */
  get waiting(): number {
    return this.#frames.waiting + this.#openRaw;
  }

  /** The messages that are whole with these bytes; control frames stand where they came. */
  push(bytes: Buffer): readonly Message[] {
    return this.#frames.push(bytes).flatMap((frame) => this.#take(frame) ?? []);
  }

  #take(frame: Frame): Message | undefined {
    if (frame.opcode >= FIRST_CONTROL_OPCODE) return { kind: "control", payload: frame.payload, raw: [frame.raw] };
    this.#open.push(frame);
    this.#openBytes += frame.payload.length;
    this.#openRaw += frame.raw.length;
    if (this.#openBytes > LARGEST) throw new Malformed(`a websocket message larger than ${LARGEST} bytes`);
    if (this.#open.length > MOST_FRAMES) throw new Malformed(`a websocket message in more than ${MOST_FRAMES} frames`);
    if (!frame.final) return undefined;
    const open = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    this.#openRaw = 0;
    return {
      kind: "data",
      payload: Buffer.concat(open.map(({ payload }) => payload)),
      raw: open.map(({ raw }) => raw),
    };
  }
}
