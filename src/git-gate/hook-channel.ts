import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import { showHarmlessly } from "../base/plain-text.ts";
import type { RefUpdate } from "./mirror.ts";

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
  /** Ends the hook: the push goes on, or does not. */
  finish(verdict: "accept" | "refuse"): void;
};

const MOST_INPUT = 8 * 1024 * 1024;
const END = Buffer.from("\nend\n");
const UPDATE = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/[^ ]+)$/;

/** Speaks with the hook of a push over the descriptor that it inherited. */
export function openHookChannel(channel: Duplex): HookChannel {
  channel.on("error", () => {}); // its end is what counts
  const input = new Promise<HookInput | "unreadable" | undefined>((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const onData = (bytes: Buffer): void => {
      pieces.push(bytes);
      size += bytes.length;
      if (size <= MOST_INPUT && !bytes.includes(10)) return;
      const all = Buffer.concat(pieces);
      if (size <= MOST_INPUT && !all.subarray(-END.length).equals(END)) return;
      channel.off("data", onData).resume(); // the hook says all of it before it listens
      resolve((size <= MOST_INPUT && isUtf8(all) ? parseHookInput(all.toString("utf8")) : undefined) ?? "unreadable");
    };
    channel.on("data", onData);
    channel.once("close", () => resolve(undefined));
    channel.once("end", () => resolve(undefined));
  });
  return {
    input,
    say: (line) => {
      if (channel.writable) channel.write(`say ${showHarmlessly(line)}\n`);
    },
    finish: (verdict) => {
      if (channel.writable) channel.end(`${verdict}\n`);
    },
  };
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
