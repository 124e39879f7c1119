/** One message of the stream between a bottle's main process and the process outside that started it. */
export type Frame = { readonly kind: FrameKind; readonly channel: number; readonly payload: Buffer };

/** What a frame is; the numbers are what travels. */
export const FRAME_KINDS = {
  /** To the guest: JSON that says what to do, once */
  start: 1,
  /** To the guest: part of the archive that fills its home folder; an empty one ends it */
  fill: 2,
  /** To the guest: JSON with a process and a signal for it */
  signal: 3,
  /** To the guest: JSON with a process to watch and the mark of everything it starts */
  watch: 4,
  /** From the guest: JSON that says how the start went, once */
  ready: 5,
  /** From the guest: a connection was made, JSON with its port */
  open: 6,
  data: 7,
  /** No more data from this side */
  end: 8,
  /** The connection is over */
  close: 9,
  /** The other side may send that many bytes more */
  credit: 10,
  /** From the guest: its main process is about to start */
  up: 11,
  /** From the guest: the kernel has killed something in it for memory */
  killed: 12,
} as const;

/** Name of a kind of frame. */
export type FrameKind = keyof typeof FRAME_KINDS;

/** Most bytes of one frame's payload; whoever sends more is not one of ours. */
export const MOST_FRAME_BYTES = 64 * 1024;

const HEAD_BYTES = 9;
const NAMES = new Map<number, FrameKind>(
  Object.entries(FRAME_KINDS).map(([name, number]) => [number, name as FrameKind]),
);

/** A frame as bytes. */
export function renderFrame(kind: FrameKind, channel: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  if (payload.length > MOST_FRAME_BYTES) throw new RangeError("a frame is larger than its reader takes");
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(FRAME_KINDS[kind], 0);
  head.writeUInt32BE(channel, 1);
  head.writeUInt32BE(payload.length, 5);
  return Buffer.concat([head, payload]);
}

/** Takes bytes as they come and gives back whole frames; throws for bytes that are none, and is then of no more use. */
export type FrameReader = { push(chunk: Uint8Array): readonly Frame[] };

/** A reader for one stream. It never holds more than one frame and one chunk. */
export function makeFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push: (chunk) => {
      const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      const frames: Frame[] = [];
      let at = 0;
      while (bytes.length - at >= HEAD_BYTES) {
        const kind = NAMES.get(bytes.readUInt8(at));
        const size = bytes.readUInt32BE(at + 5);
        if (kind === undefined || size > MOST_FRAME_BYTES) throw new RangeError("these bytes are no frame");
        if (bytes.length - at < HEAD_BYTES + size) break;
        const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + size);
        frames.push({ kind, channel: bytes.readUInt32BE(at + 1), payload });
        at += HEAD_BYTES + size;
      }
      rest = Buffer.from(bytes.subarray(at));
      return frames;
    },
  };
}
