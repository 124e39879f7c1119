import { readdirSync, readFileSync } from "node:fs";

const LOOK_EVERY_MS = 25;

/** Sends a signal to a process of this bottle; one that is gone is no error. */
export function signalInside(text: string): void {
  const { pid, signal } = JSON.parse(text) as { readonly pid: number; readonly signal: NodeJS.Signals };
  kill(pid, signal);
}

/** Sends a signal to every process that this one may signal, but not to itself. */
export function signalAll(signal: NodeJS.Signals): void {
  kill(-1, signal);
}

/** Waits for the end of a command, then ends what it has left in the background, which carries its mark. */
export function watchCommand(text: string): void {
  const { pid, mark } = JSON.parse(text) as { readonly pid: number; readonly mark: string };
  const timer = setInterval(() => {
    if (readEnvironment(pid)?.includes(mark) === true) return;
    clearInterval(timer);
    for (const name of readdirSync("/proc")) {
      const other = Number(name);
      if (Number.isInteger(other) && readEnvironment(other)?.includes(mark) === true) kill(other, "SIGKILL");
    }
  }, LOOK_EVERY_MS);
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
