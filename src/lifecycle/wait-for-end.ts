import { constants } from "node:os";
import type { Guest, GuestProcess } from "../backends/backend.ts";
import { EXIT_CODES } from "../base/exit-codes.ts";
import type { Exit } from "../base/process.ts";

/** How a command in a bottle came to its end. */
export type Ending = {
  readonly exit: Exit;
  /** What ended it: itself, a signal to this program, the time limit, or a terminal that went away */
  readonly by: "itself" | "signal" | "timeout" | "hang-up";
  /** Signal that this program got, if one ended the command */
  readonly signal: string | undefined;
};

/** What may end a command from outside. */
export type EndingWishes = {
  /** Aborted by a signal to this program, with its name as the reason */
  readonly signal: AbortSignal;
  /** Resolves when the operator's terminal is gone; never for pipes */
  readonly hangUp: Promise<void>;
  /** Time limit, `ms` */
  readonly timeMs: number | undefined;
  /** Time between asking a command to end and ending its bottle, `ms` */
  readonly graceMs: number;
};

/** Waits for a command; a signal, a hang-up or the time limit first asks it to end, then ends its bottle. */
export async function waitForEnd(running: GuestProcess, guest: Guest, wishes: EndingWishes): Promise<Ending> {
  const { signal, timeMs } = wishes;
  const timers: NodeJS.Timeout[] = [];
  const done = new AbortController();
  const outside = new Promise<Omit<Ending, "exit">>((resolve) => {
    const onAbort = () => resolve({ by: "signal", signal: String(signal.reason) });
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true, signal: done.signal });
    void wishes.hangUp.then(() => resolve({ by: "hang-up", signal: "SIGHUP" }));
    if (timeMs !== undefined) timers.push(setTimeout(() => resolve({ by: "timeout", signal: undefined }), timeMs));
  });
  try {
    const first = await Promise.race([running.exit.then((exit) => ({ exit })), outside]);
    if ("exit" in first) return { exit: first.exit, by: "itself", signal: undefined };
    running.kill(askWith(first.signal));
    // A bottle that cannot be ended is an error of the start, not one that nobody hears.
    const refused = new Promise<never>((_, reject) => {
      timers.push(setTimeout(() => void guest.stop().catch(reject), wishes.graceMs));
    });
    return { exit: await Promise.race([running.exit, refused]), ...first };
  } finally {
    done.abort();
    for (const timer of timers) clearTimeout(timer);
  }
}

/**
 * The exit code that a shell would show: the command's own, 124 when its time was up, or 128 + the number of the signal that
 * ended it; a signal to this program counts before the one that it took to end the command.
 */
export function exitCodeOf({ exit, by, signal }: Ending): number {
  if (by === "timeout") return EXIT_CODES.timeout.code;
  if (exit.kind === "code") return exit.code;
  return 128 + (Object.entries(constants.signals).find(([name]) => name === (signal ?? exit.signal))?.[1] ?? 0);
}

function askWith(signal: string | undefined): NodeJS.Signals {
  return signal === "SIGINT" || signal === "SIGHUP" ? signal : "SIGTERM";
}
