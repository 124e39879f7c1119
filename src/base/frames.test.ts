import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_KINDS, type FrameKind, MOST_FRAME_BYTES, makeFrameReader, renderFrame } from "./frames.ts";

const kinds = Object.keys(FRAME_KINDS) as FrameKind[];
const frame = fc.record({
  kind: fc.constantFrom(...kinds),
  channel: fc.nat({ max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

describe("frames", () => {
  test("come out as they went in, wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
        const bytes = Buffer.concat(frames.map(({ kind, channel, payload }) => renderFrame(kind, channel, payload)));
        const reader = makeFrameReader();
        const read = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
        expect(read).toEqual(frames);
      }),
    );
  });

  test("bytes that are no frame are refused, and never waited for", () => {
    expect(() => makeFrameReader().push(Buffer.alloc(9))).toThrow(RangeError);
    const long = renderFrame("data", 1);
    long.writeUInt32BE(MOST_FRAME_BYTES + 1, 5);
    expect(() => makeFrameReader().push(long)).toThrow(RangeError);
    expect(() => renderFrame("data", 1, Buffer.alloc(MOST_FRAME_BYTES + 1))).toThrow(RangeError);
  });

  test("any bytes are frames or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const { payload } of makeFrameReader().push(bytes)) expect(payload.length).toBeLessThanOrEqual(200);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
