import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle } from "../../base/style.ts";
import { answerHold, listHolds } from "../../lifecycle/holds.ts";
import type { CommandContext } from "../context.ts";
import { renderError } from "../render-error.ts";
import type { HoldFlags, RejectFlags } from "./command.ts";
import { renderHolds, renderHoldsJson } from "./render.ts";

/** Prints what waits; exit 1 when a bottle could not be asked. */
export async function runHoldList(context: CommandContext, flags: HoldFlags): Promise<number> {
  const { holds, silent } = await listHolds(context, flags.bottle);
  const view = { now: context.clock.now(), style: makeStyle(context.stdout, context.env) };
  context.stdout.write(flags.json ? renderHoldsJson(holds) : renderHolds(holds, view));
  for (const error of silent) context.stderr.write(`${renderError(error, context.version)}\n`);
  return silent.length === 0 ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}

/** Lets what waits pass. */
export function runHoldApprove(context: CommandContext, flags: HoldFlags, ...ids: readonly string[]): Promise<number> {
  return answerAll(context, flags, { kind: "approve" }, ids);
}

/** Refuses what waits. */
export function runHoldReject(context: CommandContext, flags: RejectFlags, ...ids: readonly string[]): Promise<number> {
  return answerAll(context, flags, { kind: "reject", reason: flags.reason }, ids);
}

async function answerAll(
  context: CommandContext,
  { bottle, json }: HoldFlags,
  answer: Parameters<typeof answerHold>[2],
  ids: readonly string[],
): Promise<number> {
  const answered = [];
  for (const id of new Set(ids)) {
    const hold = await answerHold(context, id, answer, bottle);
    answered.push(hold);
    const done = answer.kind === "approve" ? "approved" : "rejected";
    if (!json)
      context.stdout.write(`${done} ${showHarmlessly(hold.id)} in ${hold.bottle}: ${showHarmlessly(hold.title)}\n`);
  }
  if (json) context.stdout.write(renderHoldsJson(answered));
  return EXIT_CODES.ok.code;
}
