import type { Readable, Writable } from "node:stream";
import { type Child, startProcess } from "../../base/process.ts";
import type { Engine } from "../../images/engine.ts";
import type { Link } from "../link.ts";
import { speakWithMain } from "../main-process.ts";
import type { Holder } from "./container-calls.ts";

const MOST_WORDS = 16 * 1024;

/** Starts a container by its `docker run` words: the command ends with its standard input, which ends with this process. */
export function openHolder(engine: Engine, args: readonly string[], link: Link): Holder {
  // a session of its own: Ctrl-C on the operator's terminal is for the command inside, and the engine's would end the bottle
  const child = startProcess([engine.command, ...args], {
    env: engine.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const { stdin, stdout } = streamsOf(child);
  const words = collectWords(child);
  const exit = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const end = () => void child.kill("SIGKILL");
  const main = speakWithMain({ input: stdin, output: stdout, ended: exit, words, end }, link);
  return { ...main, exit, release: () => void stdin.end() };
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
