import { once } from "node:events";
import { mergeResults } from "../../base/merge-archive.ts";
import { startProcess } from "../../base/process.ts";
import { type Engine, engineFailure } from "../../images/engine.ts";

/**
 * Brings a folder of a container that has ended into a folder of the host that it was filled from. What is the same stays
 * as it is; the rest is made like it is inside: files, folders and links only, never a device, a program that changes its
 * user, or anything outside the folder.
 */
export async function collectFolder(engine: Engine, source: string, folder: string): Promise<void> {
  const child = startProcess([engine.command, "cp", source, "-"], {
    env: engine.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.stdout === null) throw new Error("a pipe was asked for");
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-4000);
  });
  const ended = once(child, "close").then(([code]) => code === 0);
  try {
    await mergeResults(child.stdout, folder, () => ended);
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    throw error;
  }
  if ((await ended) || GONE.test(words)) return;
  throw engineFailure(engine, "the results of the bottle cannot be fetched", words);
}

/** The agent has removed its workspace, or it was never filled: then nothing comes back. */
const GONE = /could not find the file|no such file or directory|no such container:path/i;
