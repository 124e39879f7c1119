import type { Readable } from "node:stream";
import { BottleError } from "../../base/errors.ts";
import type { LinkService } from "../../plan/link-ports.ts";
import type { Listeners } from "../backend.ts";
import { closeListeners, takeListeners } from "./listen.ts";
import { explainLaunchFailure } from "./output.ts";
import { type ProcessId, readProcess } from "./proc-table.ts";
import { readableAt, startSealed, writableAt } from "./sealed-process.ts";

/** The process that owns a guest's namespaces; it waits on a pipe that only we hold. */
export type Holder = ProcessId & {
  /** What listens in them; whoever made it has ended */
  readonly listeners: Listeners;
  /** Ends it; twice is no error. */
  close(): Promise<void>;
};

/**
 * Starts the holder, and waits until its namespaces stand and the services of the link have their listeners. Throws
 * `launch/failed` with the reason when they do not.
 */
export async function openHolder(
  chain: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  link: readonly LinkService[],
): Promise<Holder> {
  const channel = link.length === 0 ? [] : (["ipc"] as const);
  const { child, exit } = startSealed(chain, { env, stdio: ["pipe", "pipe", "pipe", ...channel], detached: true });
  const taking = takeListeners(child, link);
  const pipe = writableAt(child, 0);
  const words = collectText(readableAt(child, 2));
  const close = async () => {
    pipe.destroy();
    child.kill("SIGKILL"); // bubblewrap's own process; what it holds dies with it
    await exit;
  };
  const line = await Promise.race([readFirstLine(readableAt(child, 1)), exit.then(() => undefined)]);
  const found = line === undefined ? undefined : await readProcess(Number(line));
  const listeners = await taking;
  if (found !== undefined && listeners !== undefined) return { ...found, listeners, close };
  await close();
  await closeListeners(listeners ?? {});
  if (found !== undefined) throw explainLink(await words);
  const { code, message, hint } = explainLaunchFailure(await words, await exit);
  throw new BottleError(code, message, hint === undefined ? {} : { hint });
}

function explainLink(words: string): BottleError {
  const why = words.trim() || "the helper that listens inside ended without a word";
  return new BottleError("launch/failed", `the bottle's way to its warden could not be made: ${why}`, {
    hint: "`bottle doctor` checks this machine; a bottle without `egress.routes` needs no such way",
  });
}

const MOST_WORDS = 16 * 1024;

/** What a stream of error messages says until it ends, the first part of it. */
export async function collectText(stream: Readable): Promise<string> {
  const chunks: string[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      if (size < MOST_WORDS) chunks.push(String(chunk));
      size += String(chunk).length;
    }
  } catch {} // what was said until then is what there is
  return chunks.join("").slice(0, MOST_WORDS);
}

async function readFirstLine(stream: Readable): Promise<string | undefined> {
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}
