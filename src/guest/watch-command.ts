import { readdirSync, readFileSync } from "node:fs";

const LOOK_EVERY_MS = 25;
const LOOKS = 3;

/** Sends a signal to a process of this bottle; one that is gone is no error. */
export function signalInside(text: string): void {
  const { pid, signal } = JSON.parse(text) as { readonly pid: number; readonly signal: NodeJS.Signals };
  kill(pid, signal);
}

/** Sends a signal to every process that this one may signal, but not to itself. */
export function signalAll(signal: NodeJS.Signals): void {
  kill(-1, signal);
}

/**
 * Waits for the end of a command, then ends what it has left in the background, which carries its mark. A process that is just
 * becoming another program has no variables for a moment: one look is never enough.
 */
export function watchCommand(text: string): void {
  const { pid, mark } = JSON.parse(text) as { readonly pid: number; readonly mark: string };
  let missed = 0;
  let empty = 0;
  const timer = setInterval(() => {
    missed = readEnvironment(pid)?.includes(mark) === true ? 0 : missed + 1;
    if (missed < LOOKS) return;
    empty = endMarked(mark) ? 0 : empty + 1;
    if (empty === LOOKS) clearInterval(timer);
  }, LOOK_EVERY_MS);
}

/** Whether there was anything to end. */
function endMarked(mark: string): boolean {
  const marked = readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && readEnvironment(pid)?.includes(mark) === true);
  for (const pid of marked) kill(pid, "SIGKILL");
  return marked.length > 0;
}

function readEnvironment(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}
