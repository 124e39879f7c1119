import { EXIT_CODES } from "../../base/exit-codes.ts";
import { makeStyle } from "../../base/style.ts";
import { explain } from "../../lifecycle/explain.ts";
import type { CommandContext } from "../context.ts";
import { printProblems } from "../print-problems.ts";
import type { ExplainFlags } from "./command.ts";
import { renderExplanation, renderExplanationJson } from "./render.ts";

/** Prints what would become of a request; exit 1 when it would be refused. */
export async function runExplain(
  context: CommandContext,
  flags: ExplainFlags,
  method: string,
  url: string,
): Promise<number> {
  const found = await explain(context, {
    method: method.toUpperCase(),
    url,
    headers: flags.header ?? [],
    bottles: flags.bottle ?? [],
  });
  if (found.kind === "refused") {
    printProblems(context, found.problems, found.texts);
    return EXIT_CODES.input.code;
  }
  const style = makeStyle(context.stdout, context.env);
  context.stdout.write(flags.json ? renderExplanationJson(found) : renderExplanation(found, style));
  return found.verdict.kind === "pass" ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}
