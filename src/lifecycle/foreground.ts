import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { readTextIfThere } from "../base/files.ts";
import { signalProcess } from "../base/process.ts";
import { parseProcessStat } from "../base/process-stat.ts";

/** How often a program is brought back to the background before it gives up; where no shell waits, it is never stopped */
const MOST_STOPS = 100;

/** What `kill` takes for the process group of whoever calls it */
const OWN_GROUP = 0;

/** Whether the terminal is this program's at the moment; true where nobody can tell. */
export async function isInForeground({ pid }: Pick<Context, "pid">): Promise<boolean> {
  const stat = await readTextIfThere(`/proc/${pid}/stat`).catch(() => undefined);
  return stat === undefined || parseProcessStat(stat)?.foreground !== false;
}

/**
 * Stops in the background, as the kernel stops whoever reads a terminal there, until the shell brings this program to the
 * foreground: the terminal's mode is changed by a process that job control does not reach.
 */
export async function waitForForeground(context: Context): Promise<void> {
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    context.signal.throwIfAborted();
    if (await isInForeground(context)) return;
    signalProcess(OWN_GROUP, "SIGTTIN"); // all of the job, or the shell does not take it for stopped
  }
  throw new BottleError("input/usage", "a bottle with a terminal cannot be started in the background", {
    hint: "add --headless",
  });
}
