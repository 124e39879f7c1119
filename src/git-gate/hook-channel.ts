import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import { showHarmlessly } from "../base/plain-text.ts";
import { makePacket } from "./packets.ts";
import type { RefUpdate } from "./send-updates.ts";

/** What the hook of a push hands over. */
export type HookInput = {
  /** Folder in which git keeps the objects of the push until it is accepted; undefined when it brings none */
  readonly quarantine: string | undefined;
  readonly updates: readonly RefUpdate[];
};

/** The other end of the hook of one push. */
export type HookChannel = {
  /**
   * Resolves when the hook has said everything: `unreadable` when that are no names that can be passed on, undefined when git
   * ended before a hook ran
   */
  readonly input: Promise<HookInput | "unreadable" | undefined>;
  /** Shows a line to whoever pushes. */
  say(line: string): void;
  /** Ends the hook, and the push with it. */
  refuse(): void;
  /** Lets git keep the objects of the push, and waits until it has; false when it could not. */
  accept(): Promise<boolean>;
  /** Tells git, and by it whoever pushes, what came of each ref; `failed` is why they were not changed. */
  report(updates: readonly RefUpdate[], failed: string | undefined): void;
};

const MOST_INPUT = 8 * 1024 * 1024;
const END = Buffer.from("\nend\n");
const KEPT = Buffer.from("kept\n");
const UPDATE = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/[^ ]+)$/;

/** Speaks with the hooks of a push over the descriptor that they inherited. */
export function openHookChannel(channel: Duplex): HookChannel {
  channel.on("error", () => {}); // its end is what counts
  const input = read(channel, MOST_INPUT, (all) => all.subarray(-END.length).equals(END)).then((all) => {
    if (all === undefined) return undefined;
    return (isUtf8(all) ? parseHookInput(all.toString("utf8")) : undefined) ?? "unreadable";
  });
  const write = (text: string) => void (channel.writable && channel.write(text));
  return {
    input,
    say: (line) => write(`say ${showHarmlessly(line)}\n`),
    refuse: () => void channel.end("refuse\n"),
    accept: async () => {
      const kept = read(channel, KEPT.length, (all) => all.equals(KEPT));
      write("accept\n");
      return (await kept)?.equals(KEPT) === true;
    },
    report: (updates, failed) => {
      const words = (name: string) => (failed === undefined ? `ok ${name}` : `ng ${name} ${failed}`);
      const packets = updates.map(({ name }) => makePacket(words(name)));
      channel.end(`report\n${packets.join("")}0000`);
    },
  };
}

/** What comes until it is whole, or more than `most`; undefined when the channel ends before. */
function read(channel: Duplex, most: number, isWhole: (all: Buffer) => boolean): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    if (channel.readableEnded || channel.destroyed) return resolve(undefined);
    const pieces: Buffer[] = [];
    let size = 0;
    const onData = (bytes: Buffer): void => {
      pieces.push(bytes);
      size += bytes.length;
      if (size <= most && !bytes.includes(10)) return;
      const all = Buffer.concat(pieces);
      if (size <= most && !isWhole(all)) return;
      channel.off("data", onData).resume(); // the hook says all of it before it listens
      resolve(size <= most ? all : Buffer.alloc(0));
    };
    channel.on("data", onData);
    channel.once("close", () => resolve(undefined));
    channel.once("end", () => resolve(undefined));
  });
}

/** The lines of the hook as a value; undefined for anything that is not whole. */
export function parseHookInput(text: string): HookInput | undefined {
  const [first = "", ...lines] = text.split("\n").slice(0, -2);
  if (!first.startsWith("quarantine ")) return undefined;
  const quarantine = first.slice("quarantine ".length);
  const updates: RefUpdate[] = [];
  for (const line of lines) {
    const [, old, object, name] = UPDATE.exec(line) ?? [];
    if (old === undefined || object === undefined || name === undefined) return undefined;
    updates.push({ name, old, new: object });
  }
  return { quarantine: quarantine === "" ? undefined : quarantine, updates };
}
