import { BottleError } from "../base/errors.ts";
import type { Finished } from "../base/process.ts";
import { type GitCall, runGit } from "./git-process.ts";

/** Runs a git command that speaks with the upstream; one that does not come to an end was ended by a signal, and says so. */
export async function askUpstream(args: readonly string[], call: GitCall): Promise<Finished> {
  try {
    return await runGit(args, call);
  } catch (error) {
    if (!(error instanceof BottleError && error.code === "process/timeout")) throw error;
    const stderr = `it did not finish within ${Math.round((call.timeoutMs ?? 0) / 1000)} seconds`;
    return { exit: { kind: "signal", signal: "SIGKILL" }, stdout: Buffer.alloc(0), stderr };
  }
}
