import { randomBytes } from "node:crypto";
import { Duplex, PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { type Channels, makeChannels } from "./channels.ts";
import { makeFrameReader, renderFrame } from "./frames.ts";

/** Two ends over one pair of pipes; what is opened at the first is echoed, or given to `serve`, at the second. */
function makePair(serve: (port: number) => Duplex | undefined) {
  const join = (get: () => Channels) => {
    const pipe = new PassThrough();
    const reader = makeFrameReader();
    pipe.on("data", (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) get().take(frame);
    });
    return pipe;
  };
  const toGuest = join(() => guest);
  const toHost = join(() => host);
  const guest = makeChannels({ write: (bytes) => void toHost.write(bytes), connect: () => undefined });
  const host = makeChannels({ write: (bytes) => void toGuest.write(bytes), connect: serve });
  return { guest, host };
}

function makeSocketPair(): readonly [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: back, writable: there }), Duplex.from({ readable: there, writable: back })];
}

describe("channels", () => {
  test("carry bytes both ways, more than the window, and the end", async () => {
    const { guest } = makePair((port) => {
      expect(port).toBe(9099);
      return new PassThrough();
    });
    const bytes = randomBytes(1024 * 1024);
    const [inside, carried] = makeSocketPair();
    guest.open(9099, carried);
    const read = buffer(inside);
    inside.end(bytes);
    expect((await read).equals(bytes)).toBe(true);
  });

  test("do not fetch more than the other side takes", async () => {
    let served: Duplex | undefined;
    const { guest } = makePair(() => {
      served = new Duplex({ read() {}, write() {} }); // takes nothing, ever
      return served;
    });
    const [inside, carried] = makeSocketPair();
    guest.open(9099, carried);
    let written = 0;
    while (written < 8 * 1024 * 1024 && inside.write(Buffer.alloc(16 * 1024))) {
      written += 16 * 1024;
      await new Promise(setImmediate);
    }
    expect(written).toBeLessThan(1024 * 1024);
    expect(served?.writableLength).toBeLessThanOrEqual(128 * 1024);
  });

  test("end a connection that is refused", async () => {
    const { guest } = makePair(() => undefined);
    const [inside, carried] = makeSocketPair();
    guest.open(1, carried);
    inside.on("error", () => {});
    await new Promise((resolve) => carried.once("close", resolve));
  });

  test.each([
    ["more than the window", renderFrame("data", 7, Buffer.alloc(60_000))],
    ["a second opening", renderFrame("open", 7, Buffer.from([1, 1]))],
    ["a credit that is no number", renderFrame("credit", 7)],
    ["a frame for somebody else", renderFrame("fill", 7)],
  ])("refuse %s", (_what, bytes) => {
    const channels = makeChannels({ write: () => {}, connect: () => new Duplex({ read() {}, write() {} }) });
    const take = (part: Buffer) => {
      for (const frame of makeFrameReader().push(part)) channels.take(frame);
    };
    take(renderFrame("open", 7, Buffer.from([1, 1])));
    expect(() => {
      for (let count = 0; count < 3; count++) take(bytes);
    }).toThrow(RangeError);
    channels.close();
  });
});
