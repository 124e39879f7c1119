import { BottleError } from "../../base/errors.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle } from "../../base/style.ts";
import { applyPlan, type StartOutcome } from "../../lifecycle/apply-plan.ts";
import { askYesNo, canAsk } from "../../lifecycle/ask.ts";
import { waitForForeground } from "../../lifecycle/foreground.ts";
import { type PlannedStart, planStart, type RefusedStart } from "../../lifecycle/plan-start.ts";
import { renderPlanJson } from "../../plan/render-plan-json.ts";
import { renderPreflight } from "../../plan/render-preflight.ts";
import type { StartRequest } from "../../plan/request.ts";
import type { CommandContext } from "../context.ts";
import { printProblems } from "../print-problems.ts";
import { renderError } from "../render-error.ts";
import type { StartFlags } from "./command.ts";
import { renderSummaryJson } from "./render-summary.ts";

/** Plans, shows the preflight and asks, then runs a bottle to its end and passes its exit code on. */
export async function runStartCommand(context: CommandContext, flags: StartFlags, agent?: string): Promise<number> {
  const request = makeRequest(context, flags, agent);
  const planned = await planStart(context, request);
  printProblems(context, planned.problems, planned.texts);
  if (planned.kind === "refused") return refuse(context, planned);
  if (request.dryRun) return show(context, request, planned);
  if (request.json && planned.plan.command.interactive) {
    throw new BottleError("input/usage", "a summary as JSON is for a start without a terminal", {
      hint: "add --headless, or --dry-run for the plan",
    });
  }
  if (!(await agree(context, request, planned))) return EXIT_CODES.declined.code;
  if (planned.plan.command.interactive) await waitForForeground(context);
  const onWarning = (text: string) => context.stderr.write(`bottle: warning: ${text}\n`);
  // a summary is for a program: nothing else stands on standard output then
  const inner = request.json ? { ...context, stdout: context.stderr } : context;
  const outcome = await applyPlan(inner, planned, { keep: flags.keep === true || request.observe, onWarning });
  report(context, outcome);
  if (request.observe)
    context.stderr.write(`bottle: \`bottle learn ${outcome.plan.slug}\` prints the routes it asked for\n`);
  if (request.json) context.stdout.write(renderSummaryJson(outcome));
  return outcome.exitCode;
}

function makeRequest(context: CommandContext, flags: StartFlags, agent: string | undefined): StartRequest {
  return {
    agent,
    bottles: flags.bottle ?? [],
    argv: context.afterDashes,
    prompt: flags.prompt,
    headless: flags.headless === true,
    yes: flags.yes === true,
    dryRun: flags.dryRun === true,
    json: flags.json === true,
    label: flags.label,
    color: flags.color,
    backend: flags.backend,
    handOver: flags.handOver,
    workspace: flags.workspace,
    large: flags.large === true,
    observe: flags.observe === true,
  };
}

/** Problems were printed with their places; what stands against the start beyond them follows. */
function refuse(context: CommandContext, { errors }: RefusedStart): number {
  for (const error of errors) context.stderr.write(`${renderError(error, context.version)}\n`);
  return errors[0]?.exit ?? EXIT_CODES.input.code;
}

function show(context: CommandContext, request: StartRequest, { plan }: PlannedStart): number {
  const { stdout, env } = context;
  const style = makeStyle(stdout, env);
  stdout.write(request.json ? renderPlanJson(plan) : renderPreflight(plan, { style, columns: stdout.columns }));
  return EXIT_CODES.ok.code;
}

/** Shows what will be done and asks; without a person, warnings are all there is to show. */
async function agree(context: CommandContext, request: StartRequest, { plan }: PlannedStart): Promise<boolean> {
  const { stderr, env } = context;
  if (request.headless || !canAsk(context)) {
    for (const warning of plan.warnings) stderr.write(`bottle: warning: ${warning}\n`);
    return true;
  }
  stderr.write(`${renderPreflight(plan, { style: makeStyle(stderr, env), columns: stderr.columns })}\n`);
  return request.yes || askYesNo(context, "Start it?");
}

function report(context: CommandContext, { exitCode, ending, settled, skipped }: StartOutcome): void {
  const style = makeStyle(context.stderr, context.env);
  const say = (text: string) => context.stderr.write(`${style("faint", `bottle: ${text}`)}\n`);
  if (ending.by === "timeout") say("the time limit ended it");
  if (skipped.length > 0) {
    const some = skipped.slice(0, 3).map(({ path, why }) => `${showHarmlessly(path)} (${why})`);
    say(`not copied, because they changed meanwhile: ${some.join(", ")}${skipped.length > 3 ? " …" : ""}`);
  }
  if (!settled.kept) return;
  const { changes, slug } = settled;
  if (changes === undefined || !settled.changed) {
    say(
      exitCode === 0
        ? `kept in\n${settled.folder}`
        : `exit code ${exitCode}; \`bottle logs ${slug}\` tells what happened`,
    );
    return;
  }
  const more = changes.more ? "more than " : "";
  // The path has a line of its own: a terminal that breaks it in two still gives it back in one piece.
  say(`${more}${changes.changed} changed, ${changes.added} added, ${changes.removed} removed in\n${settled.workspace}`);
}
