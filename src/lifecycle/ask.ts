import { createInterface } from "node:readline";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { makeInterrupted } from "../base/interrupted.ts";

/** True when there is a person to ask: both ends are terminals. */
export function canAsk(context: Pick<Context, "stdin" | "stderr">): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true;
}

/**
 * Asks a question that is answered with y or n; everything but a yes is a no. Throws `launch/interrupted` on Ctrl-C and at
 * the end of the input, `launch/terminated` on other signals. The terminal keeps its mode, so that job control works, and what is typed ahead stays in it.
 */
export async function askYesNo(context: Context, question: string): Promise<boolean> {
  const { stdin, stderr, signal } = context;
  signal.throwIfAborted();
  const lines = createInterface({ input: stdin, terminal: false });
  const over = new AbortController();
  stderr.write(`${question} [y/N] `);
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      const stop = () => resolve(undefined);
      lines.once("line", resolve).once("close", stop);
      stdin.on("error", stop); // it stays: a terminal that hung up may say so later
      signal.addEventListener("abort", stop, { signal: over.signal });
    });
    if (answer !== undefined) return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    over.abort();
    lines.close();
  }
  stderr.write("\n");
  throw signal.aborted ? makeInterrupted(signal, "nothing was started") : interrupted();
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
