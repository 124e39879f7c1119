import { BottleError } from "./errors.ts";

/** The error of work that a signal to this program stopped: Ctrl-C and everything else have an exit code each. */
export function makeInterrupted(signal: AbortSignal, what: string, cause?: unknown): BottleError {
  const by = String(signal.reason);
  const code = by === "SIGINT" ? "launch/interrupted" : "launch/terminated";
  return new BottleError(code, `stopped by ${by}${what === "" ? "" : `; ${what}`}`, { cause });
}
