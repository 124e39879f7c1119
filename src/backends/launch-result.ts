import { constants } from "node:os";
import type { ErrorCode } from "../base/error-codes.ts";
import type { Exit } from "../base/process.ts";

const SIGNALS = Object.entries(constants.signals) as readonly (readonly [NodeJS.Signals, number])[];

/** How a command inside ended, from what its launcher outside ended with: 128 and more stand for signals, as in a shell. */
export function parseExit(exit: Exit): Exit {
  if (exit.kind === "signal") return exit;
  const signal = SIGNALS.find(([, number]) => number === exit.code - 128)?.[0];
  return signal === undefined ? exit : { kind: "signal", signal };
}

/** Why something did not start, in words for the operator. */
export type LaunchFailure = { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };

/** What the launcher inside says instead of a process id. */
export function explainMark(said: string, program: string, cwd: string): LaunchFailure | undefined {
  switch (said) {
    case "not-found":
      return {
        code: "launch/command-not-found",
        message: `${program} is not in the bottle's image`,
        hint: "install it in the Dockerfile of the image",
      };
    case "not-executable":
      return {
        code: "launch/command-not-executable",
        message: `${program} cannot be executed in the bottle`,
        hint: "it is no program, or not readable for the user node",
      };
    case "no-folder":
      return { code: "launch/failed", message: `there is no folder ${cwd} in the bottle`, hint: undefined };
    default:
      return undefined;
  }
}
