import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { makeChannels } from "../base/channels.ts";
import { type Frame, MOST_FRAME_BYTES, makeFrameReader, renderFrame } from "../base/frames.ts";
import { parseJsonObject } from "../base/parse-json.ts";
import type { Link } from "./link.ts";

/** The main process of a guest, seen from outside: what is said to it, and what it says. */
export type MainProcess = {
  /** Says what it is to do; what fills the folders follows. */
  begin(start: Begin): void;
  /** Sends an archive to the folder of that number; resolves when all of it is on its way. */
  fill(index: number, archive: Readable): Promise<void>;
  /** Resolves with true when the guest runs, its main process still on its way; with false when it will never run */
  readonly up: Promise<boolean>;
  /** How the start went: which link there is, or what went wrong and whether the guest itself said it */
  readonly ready: Promise<Ready>;
  signal(pid: number, signal: NodeJS.Signals): void;
  watch(pid: number, mark: string): void;
  /** When it last said that something in the guest was killed for memory, on the clock of `performance`, `ms` */
  memoryKillAt(): number | undefined;
};

/** What the main process is told first; `guest/start-message.ts` reads it. */
export type Begin = {
  readonly fill: readonly string[];
  readonly ports: readonly number[];
  readonly sockets: { readonly folder: string; readonly nonce: string } | undefined;
  readonly foreign?: { readonly port: number; readonly hosts: readonly string[] };
};

/** How a start went. */
export type Ready =
  | { readonly kind: "ready"; readonly link: "sockets" | "streams" }
  | { readonly kind: "failed"; readonly by: "guest" | "engine"; readonly words: string };

/** The streams to it, and how it ends. */
export type MainStreams = {
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves when it has ended */
  readonly ended: Promise<unknown>;
  /** What was said about it from outside, for a start that failed */
  words(): string;
  /** Ends a guest that speaks what no guest of ours does. */
  end(): void;
};

/** Speaks with the main process of a guest over its streams, and carries connections of the link over the same. */
export function speakWithMain({ input, output, ended, words, end }: MainStreams, link: Link): MainProcess {
  const channels = makeChannels({ write: (bytes) => void input.write(bytes), connect: (port) => link.connect(port) });
  void ended.then(() => channels.close());
  let tellUp = (_isUp: boolean) => {};
  const up = new Promise<boolean>((resolve) => {
    tellUp = resolve;
  });
  void ended.then(() => tellUp(false));
  let killedAt: number | undefined;
  const ready = new Promise<Ready>((resolve) => {
    const take = (frame: Frame) => {
      if (frame.kind === "up") tellUp(true);
      else if (frame.kind === "ready") resolve(parseReady(frame.payload.toString("utf8")));
      else if (frame.kind === "killed") killedAt = performance.now();
      else channels.take(frame);
    };
    readFrames(output, take, end);
    void ended.then(() => resolve({ kind: "failed", by: "engine", words: words() }));
  });
  const tell = (kind: "start" | "signal" | "watch", message: unknown) =>
    void input.write(renderFrame(kind, 0, Buffer.from(JSON.stringify(message))));
  return {
    begin: (start) => tell("start", start),
    fill: async (index, archive) => {
      for await (const chunk of archive) {
        for (const part of cut(chunk as Buffer)) {
          if (!input.write(renderFrame("fill", index, part)) && !input.destroyed) {
            await Promise.race([once(input, "drain"), ended]);
          }
        }
      }
      input.write(renderFrame("fill", index));
    },
    up,
    ready,
    signal: (pid, signal) => tell("signal", { pid, signal }),
    watch: (pid, mark) => tell("watch", { pid, mark }),
    memoryKillAt: () => killedAt,
  };
}

/** Bytes of a bottle that are no frames, or break their rules, end it: it is not ours any more that speaks there. */
function readFrames(stream: Readable, take: (frame: Frame) => void, end: () => void): void {
  const reader = makeFrameReader();
  stream.on("data", (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) take(frame);
    } catch (error) {
      stream.destroy();
      if (!(error instanceof RangeError)) throw error;
      end();
    }
  });
  stream.on("error", () => {});
}

function* cut(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += MOST_FRAME_BYTES) yield bytes.subarray(at, at + MOST_FRAME_BYTES);
}

function parseReady(text: string): Ready {
  const message = parseJsonObject(text);
  const link = message?.["link"];
  if (link === "sockets" || link === "streams") return { kind: "ready", link };
  return { kind: "failed", by: "guest", words: String(message?.["failed"] ?? "it said nothing that can be read") };
}
