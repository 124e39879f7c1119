import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { makeChannels } from "../../base/channels.ts";
import { type Frame, MOST_FRAME_BYTES, makeFrameReader, renderFrame } from "../../base/frames.ts";
import { parseJsonObject } from "../../base/parse-json.ts";
import { type Child, type Exit, makeExit, startProcess } from "../../base/process.ts";
import type { Engine } from "../../images/engine.ts";
import type { Link } from "./link.ts";

/** The engine's command that holds a container: it ends with its standard input, which ends with this process. */
export type Holder = {
  /** Says what the main process inside is to do; what fills the folders follows. */
  begin(start: Begin): void;
  /** Sends an archive to the folder of that number; resolves when all of it is on its way. */
  fill(index: number, archive: Readable): Promise<void>;
  /** Resolves with true when the container runs, its main process still on its way; with false when it will never run */
  readonly up: Promise<boolean>;
  /** How the start went: which link there is, or what went wrong and whether the engine said it */
  readonly ready: Promise<Ready>;
  signal(pid: number, signal: NodeJS.Signals): void;
  watch(pid: number, mark: string): void;
  /** Resolves when the container has ended */
  readonly exit: Promise<Exit>;
  /** Lets go of the container, which ends by that. */
  release(): void;
};

/** What the main process is told first; `guest/start-message.ts` reads it. */
export type Begin = {
  readonly fill: readonly string[];
  readonly ports: readonly number[];
  readonly sockets: { readonly folder: string; readonly nonce: string } | undefined;
};

/** How a start went. */
export type Ready =
  | { readonly kind: "ready"; readonly link: "sockets" | "streams" }
  | { readonly kind: "failed"; readonly by: "guest" | "engine"; readonly words: string };

const MOST_WORDS = 16 * 1024;

/** Starts a container by its `docker run` words. */
export function openHolder(engine: Engine, args: readonly string[], link: Link): Holder {
  // a session of its own: Ctrl-C on the operator's terminal is for the command inside, and the engine's would end the bottle
  const child = startProcess([engine.command, ...args], {
    env: engine.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const { stdin, stdout } = streamsOf(child);
  const words = collectWords(child);
  const exit = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => resolve(makeExit(code, signal)));
    child.once("error", () => resolve({ kind: "code", code: 127 }));
  });
  const channels = makeChannels({ write: (bytes) => void stdin.write(bytes), connect: (port) => link.connect(port) });
  void exit.then(() => channels.close());
  let tellUp = (_isUp: boolean) => {};
  const up = new Promise<boolean>((resolve) => {
    tellUp = resolve;
  });
  void exit.then(() => tellUp(false));
  const ready = new Promise<Ready>((resolve) => {
    const take = (frame: Frame) => {
      if (frame.kind === "up") tellUp(true);
      else if (frame.kind === "ready") resolve(parseReady(frame.payload.toString("utf8")));
      else channels.take(frame);
    };
    readFrames(stdout, take, () => child.kill("SIGKILL"));
    void exit.then(() => resolve({ kind: "failed", by: "engine", words: words() }));
  });
  const tell = (kind: "start" | "signal" | "watch", message: unknown) =>
    void stdin.write(renderFrame(kind, 0, Buffer.from(JSON.stringify(message))));
  return {
    begin: (start) => tell("start", start),
    fill: async (index, archive) => {
      for await (const chunk of archive) {
        for (const part of cut(chunk as Buffer)) {
          if (!stdin.write(renderFrame("fill", index, part)) && !stdin.destroyed) {
            await Promise.race([once(stdin, "drain"), exit]);
          }
        }
      }
      stdin.write(renderFrame("fill", index));
    },
    up,
    ready,
    signal: (pid, signal) => tell("signal", { pid, signal }),
    watch: (pid, mark) => tell("watch", { pid, mark }),
    exit,
    release: () => {
      stdin.end();
    },
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

function streamsOf({ stdin, stdout }: Child): { readonly stdin: Writable; readonly stdout: Readable } {
  if (stdin === null || stdout === null) throw new Error("pipes were asked for");
  stdin.on("error", () => {}); // the container's end tells
  return { stdin, stdout };
}

function collectWords({ stderr }: Child): () => string {
  let words = "";
  stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-MOST_WORDS);
  });
  return () => words;
}
