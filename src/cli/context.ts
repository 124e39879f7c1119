import type { StricliProcess } from "@stricli/core";
import type { Context } from "../base/context.ts";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { fileError } from "../base/files.ts";
import { makeInterrupted } from "../base/interrupted.ts";

/** Everything a command may know, with what stood after `--` on its command line. */
export type CommandContext = Context & {
  readonly afterDashes: readonly string[] | undefined;
  /** What the last of these words could become, for completion in a shell */
  propose(words: readonly string[]): Promise<readonly string[]>;
};

/** What the argument parser hands to a command: its own streams and exit code, and everything else in `context`. */
export type CliContext = { readonly process: StricliProcess; readonly context: CommandContext };

/** A command as the rest of the program sees it: context and parsed arguments in, exit code out. */
export type CommandRun<Flags, Args extends readonly unknown[]> = (
  context: CommandContext,
  flags: Flags,
  ...args: Args
) => Promise<number>;

/** Wraps a command so that its code is loaded only when it runs. */
export function lazily<Flags, Args extends readonly unknown[]>(
  load: () => Promise<CommandRun<Flags, Args>>,
): () => Promise<(this: CliContext, flags: Flags, ...args: Args) => Promise<void>> {
  return async () => {
    const runCommand = await load();
    return async function (this: CliContext, flags: Flags, ...args: Args): Promise<void> {
      this.process.exitCode = await stoppable(this.context, () => runCommand(this.context, flags, ...args));
    };
  };
}

const DISK_FULL: readonly string[] = ["ENOSPC", "EDQUOT"];

/** What fails because a signal stopped it or the disk is full is told as that, wherever it was. */
async function stoppable(context: CommandContext, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (DISK_FULL.includes(systemErrorCode(error) ?? "")) throw fileError(error, "write", pathOf(error, context));
    if (!context.signal.aborted || error instanceof BottleError) throw error;
    throw makeInterrupted(context.signal, "", error);
  }
}

function pathOf(error: unknown, { paths }: CommandContext): string {
  const found = error instanceof Error && ("dest" in error ? error.dest : "path" in error && error.path);
  return typeof found === "string" ? found : paths.state;
}
