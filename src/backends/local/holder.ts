import type { Readable } from "node:stream";
import { BottleError } from "../../base/errors.ts";
import { explainLaunchFailure } from "./output.ts";
import { type ProcessId, readProcess } from "./proc-table.ts";
import { readableAt, startSealed, writableAt } from "./sealed-process.ts";

/** The process that owns a guest's namespaces; it waits on a pipe that only we hold. */
export type Holder = ProcessId & {
  /** Ends it; twice is no error. */
  close(): Promise<void>;
};

/** Starts the holder and waits until its namespaces stand. Throws `launch/failed` with the reason when they do not. */
export async function openHolder(
  chain: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<Holder> {
  const { child, exit } = startSealed(chain, { env, stdio: ["pipe", "pipe", "pipe"], detached: true });
  const pipe = writableAt(child, 0);
  const words = collectText(readableAt(child, 2));
  const close = async () => {
    pipe.destroy();
    child.kill("SIGKILL"); // bubblewrap's own process; what it holds dies with it
    await exit;
  };
  const line = await Promise.race([readFirstLine(readableAt(child, 1)), exit.then(() => undefined)]);
  const found = line === undefined ? undefined : await readProcess(Number(line));
  if (found !== undefined) return { ...found, close };
  await close();
  const { code, message, hint } = explainLaunchFailure(await words, await exit);
  throw new BottleError(code, message, hint === undefined ? {} : { hint });
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
