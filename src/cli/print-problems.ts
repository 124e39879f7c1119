import type { Context } from "../base/context.ts";
import { makeStyle } from "../base/style.ts";
import type { Problem } from "../manifest/problem.ts";
import { renderProblems } from "../manifest/render-problems.ts";

/** Prints problems to standard error, each with its line and hint, how many there are, and what follows from them. */
export function printProblems(
  context: Pick<Context, "stderr" | "env">,
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
  consequence = "",
): void {
  if (problems.length === 0) return;
  const style = makeStyle(context.stderr, context.env);
  const tones = {
    error: (text: string) => style("bad", text),
    warning: (text: string) => style("careful", text),
    faint: (text: string) => style("faint", text),
  };
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const count = errors === 0 ? "" : `\n${errors === 1 ? "1 error" : `${errors} errors`}${consequence}\n`;
  context.stderr.write(`${renderProblems(problems, texts, tones)}${count}`);
}
