import { BottleError } from "../../base/errors.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle } from "../../base/style.ts";
import { renderCleanup, renderCleanupJson } from "../../bottles/render-cleanup.ts";
import { askYesNo, canAsk } from "../../lifecycle/ask.ts";
import { applyCleanup, planMachineCleanup, refuseUnasked } from "../../lifecycle/clean-up.ts";
import { makeBackends } from "../../lifecycle/make-backends.ts";
import type { CommandContext } from "../context.ts";
import type { CleanupFlags } from "./command.ts";

/** Shows one combined plan, asks once, and removes what bottles that are gone left behind. */
export async function runCleanup(context: CommandContext, flags: CleanupFlags): Promise<number> {
  const backends = makeBackends(context, false);
  const rules = { results: flags.results === true, all: flags.all === true, olderThanMs: flags.olderThan };
  const found = await planMachineCleanup(context, backends, rules);
  const { plan } = found;
  const style = makeStyle(context.stdout, context.env);
  context.stdout.write(flags.json ? renderCleanupJson(plan) : renderCleanup(plan, style));
  if (flags.dryRun || plan.removals.length === 0) {
    refuseUnasked(found);
    return EXIT_CODES.ok.code;
  }
  if (flags.yes !== true) {
    if (!canAsk(context)) {
      throw new BottleError("input/usage", "there is no terminal to ask on", {
        hint: "add --yes to remove, or --dry-run to look",
      });
    }
    const count = plan.removals.length;
    if (!(await askYesNo(context, `Remove ${count === 1 ? "this" : `these ${count}`}?`)))
      return EXIT_CODES.declined.code;
  }
  const failed = await applyCleanup(context, backends, plan);
  for (const { error } of failed) {
    context.stderr.write(`bottle: ${showHarmlessly(error instanceof Error ? error.message : String(error))}\n`);
  }
  if (!flags.json) context.stdout.write(`removed ${plan.removals.length - failed.length}\n`);
  refuseUnasked(found);
  return failed.length === 0 ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}
