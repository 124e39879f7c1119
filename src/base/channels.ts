import type { Duplex } from "node:stream";
import { type Frame, type FrameKind, MOST_FRAME_BYTES, renderFrame } from "./frames.ts";

/** Bytes that one side may send before the other has taken any: what bounds the memory of a connection. */
const WINDOW_BYTES = 128 * 1024;
const MOST_CHANNELS = 256;

/** Many connections over one stream of frames. Both ends are the same, but only one of them opens. */
export type Channels = {
  /** Carries a connection that was made at `port`; the other end opens its counterpart. */
  open(port: number, connection: Duplex): void;
  /** Takes a frame of the other end. Throws `RangeError` for one that the rules do not allow. */
  take(frame: Frame): void;
  /** Ends every connection. */
  close(): void;
};

/** What channels need from whoever owns the stream. */
export type ChannelParts = {
  readonly write: (bytes: Buffer) => void;
  /** Makes the counterpart of a connection that the other end was asked for; undefined refuses it */
  readonly connect: (port: number) => Duplex | undefined;
};

type Channel = { readonly connection: Duplex; sendable: number; receivable: number; ended: boolean; halves: number };

/** Makes one end. */
export function makeChannels({ write, connect }: ChannelParts): Channels {
  const channels = new Map<number, Channel>();
  let next = 1;
  const send = (kind: FrameKind, id: number, payload?: Uint8Array) => write(renderFrame(kind, id, payload));

  const pump = (id: number, channel: Channel): void => {
    while (channel.sendable > 0) {
      const { connection, sendable } = channel;
      const waiting = Math.min(sendable, MOST_FRAME_BYTES, connection.readableLength);
      // asked also when nothing waits: only then does the stream tell more, or its end
      const chunk: unknown = waiting === 0 ? connection.read() : connection.read(waiting);
      if (!Buffer.isBuffer(chunk)) return;
      channel.sendable -= chunk.length;
      send("data", id, chunk);
    }
  };

  const endHalf = (id: number, channel: Channel): void => {
    if (++channel.halves === 2) drop(id, channel);
  };

  const drop = (id: number, channel: Channel): void => {
    channels.delete(id);
    channel.connection.end();
  };

  const carry = (id: number, connection: Duplex): void => {
    const channel: Channel = { connection, sendable: WINDOW_BYTES, receivable: WINDOW_BYTES, ended: false, halves: 0 };
    channels.set(id, channel);
    connection.on("readable", () => pump(id, channel));
    connection.once("end", () => {
      if (channels.get(id) !== channel) return;
      send("end", id);
      endHalf(id, channel);
    });
    connection.on("error", () => connection.destroy());
    connection.once("close", () => {
      if (channels.get(id) !== channel) return;
      channels.delete(id);
      send("close", id);
    });
  };

  const receive = (id: number, channel: Channel, payload: Buffer): void => {
    channel.receivable -= payload.length;
    if (channel.receivable < 0 || channel.ended) throw new RangeError("more was sent than there is room for");
    channel.connection.write(payload, (error) => {
      if (error !== null && error !== undefined) return;
      channel.receivable += payload.length;
      const more = Buffer.alloc(4);
      more.writeUInt32BE(payload.length);
      if (channels.get(id) === channel) send("credit", id, more);
    });
  };

  const accept = (id: number, payload: Buffer): void => {
    if (channels.has(id)) throw new RangeError("a channel is opened twice");
    const connection = channels.size < MOST_CHANNELS && payload.length === 2 && connect(payload.readUInt16BE());
    if (connection) carry(id, connection);
    else send("close", id);
  };

  return {
    open: (port, connection) => {
      if (channels.size >= MOST_CHANNELS) {
        connection.destroy();
        return;
      }
      const id = next++;
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(port);
      carry(id, connection);
      send("open", id, payload);
    },
    take: ({ kind, channel: id, payload }) => {
      if (kind === "open") return accept(id, payload);
      const channel = channels.get(id);
      if (channel === undefined) return; // it was closed here while the frame was on its way
      if (kind === "data") return receive(id, channel, payload);
      if (kind === "credit") {
        if (payload.length !== 4) throw new RangeError("a credit is a number");
        channel.sendable = Math.min(WINDOW_BYTES, channel.sendable + payload.readUInt32BE());
        return pump(id, channel);
      }
      if (kind === "end") {
        if (channel.ended) throw new RangeError("a channel ends twice");
        channel.ended = true;
        channel.connection.end();
        return endHalf(id, channel);
      }
      if (kind === "close") {
        channels.delete(id);
        channel.connection.destroy();
        return;
      }
      throw new RangeError("this kind of frame is not for a channel");
    },
    close: () => {
      for (const { connection } of channels.values()) connection.destroy();
      channels.clear();
    },
  };
}
