import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";

/** True when there is a person to ask: both ends are terminals. */
export function canAsk(context: Pick<Context, "stdin" | "stderr">): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true;
}

/** Asks a question that is answered with y or n; no is the default. Throws `launch/interrupted` on Ctrl-C. */
export async function askYesNo(context: Context, question: string): Promise<boolean> {
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: question, initialValue: false, ...streams(context) });
  if (isCancel(answer)) throw interrupted();
  return answer;
}

/** Asks for a text that is not shown while it is typed. Throws `launch/interrupted` on Ctrl-C. */
export async function askSecretly(context: Context, question: string): Promise<string> {
  const { password, isCancel } = await import("@clack/prompts");
  const answer = await password({ message: question, mask: "", ...streams(context) });
  if (isCancel(answer)) throw interrupted();
  return answer;
}

function streams(context: Context): { input: Context["stdin"]; output: Context["stderr"]; signal: AbortSignal } {
  return { input: context.stdin, output: context.stderr, signal: context.signal };
}

function interrupted(): BottleError {
  return new BottleError("launch/interrupted", "stopped before anything was started");
}
