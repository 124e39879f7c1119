import { once } from "node:events";
import { mergeResults } from "../../base/merge-archive.ts";
import { startProcess } from "../../base/process.ts";
import { makeArchiveArgs } from "./args.ts";
import { errorWords, mustRun, type Smolvm, smolvmFailure } from "./smolvm.ts";

/** Time for a machine to start, with the unpacking of its image the first time, `ms` */
export const START_DEADLINE_MS = 16 * 60_000;

/**
 * Brings a folder of a machine in which nothing of the bottle runs any more into a folder of the host. A machine whose main
 * process was ended by the bottle is started once more: only a machine that runs can be read from.
 */
export async function collectFolder(
  smolvm: Smolvm,
  machine: { readonly name: string; readonly user: string | undefined },
  source: string,
  folder: string,
): Promise<void> {
  const first = await fetchFolder(smolvm, machine, source, folder);
  if (first === undefined) return;
  // one that is about to end says this and that, or nothing
  await smolvm.run(["machine", "stop", "--name", machine.name]);
  await mustRun(
    smolvm,
    "the machine cannot be started to fetch the results",
    [...["machine", "start", "--name", machine.name]],
    { timeoutMs: START_DEADLINE_MS },
  );
  const second = await fetchFolder(smolvm, machine, source, folder);
  if (second !== undefined) throw smolvmFailure("the results of the bottle cannot be fetched", second);
}

/** What smolvm said when it failed; undefined when all is there, or when the bottle has removed its folder. */
async function fetchFolder(
  smolvm: Smolvm,
  { name, user }: { readonly name: string; readonly user: string | undefined },
  source: string,
  folder: string,
): Promise<string | undefined> {
  const child = startProcess([smolvm.command, ...makeArchiveArgs(name, user, source)], {
    env: smolvm.env,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error("a pipe was asked for");
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-4000);
  });
  const ended = once(child, "close").then(([code]) => code === 0);
  try {
    await mergeResults(
      skipNothing(stdout, ended, () => words),
      folder,
      () => ended,
    );
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    if (error instanceof NothingCame) return error.words;
    throw error;
  }
  if (await ended) return undefined;
  return GONE.test(words) ? undefined : words || "Error: it ended without a word";
}

/** The agent has removed its workspace: then nothing comes back. */
const GONE = /tar: .*no such file or directory/i;

class NothingCame extends Error {
  readonly words: string;
  constructor(words: string) {
    super("no archive came");
    this.words = words;
  }
}

/** No byte at all is no empty archive: what is on the host must then stay as it is. */
async function* skipNothing(
  stream: AsyncIterable<Uint8Array>,
  ended: Promise<boolean>,
  words: () => string,
): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  for await (const chunk of stream) {
    isEmpty = false;
    yield chunk;
  }
  const isWhole = await ended;
  if (isEmpty && !isWhole && errorWords(words()) !== "") throw new NothingCame(words());
}
