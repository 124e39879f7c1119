import type { CommandContext } from "../context.ts";
import type { NoFlags } from "./command.ts";

/** Prints one proposal a line for the words after `--`, of which the last is unfinished. */
export async function runPropose(context: CommandContext, _flags: NoFlags): Promise<number> {
  for (const proposal of await context.propose(context.afterDashes ?? [""])) context.stdout.write(`${proposal}\n`);
  return 0;
}
