import { showHarmlessly } from "../../base/plain-text.ts";
import { renderJson } from "../../base/render-json.ts";
import type { Style } from "../../base/style.ts";
import type { WaitingHold } from "../../lifecycle/holds.ts";

/** How a list of holds is shown. */
export type HoldsView = { readonly now: Date; readonly style: Style };

/** What waits, a paragraph each, with nothing in it that a terminal would act upon. */
export function renderHolds(holds: readonly WaitingHold[], { now, style }: HoldsView): string {
  if (holds.length === 0) return "nothing waits\n";
  return holds.map((hold) => renderHold(hold, now, style)).join("\n");
}

/** The same as JSON for a program: a list of objects. */
export function renderHoldsJson(holds: readonly WaitingHold[]): string {
  return `${renderJson(holds, 2)}\n`;
}

function renderHold({ id, bottle, title, covers, findings, until }: WaitingHold, now: Date, style: Style): string {
  const left = Math.max(0, Math.round((Date.parse(until) - now.getTime()) / 1000));
  const found = findings.map(
    ({ detector, place, excerpt }) =>
      `  ${style("careful", showHarmlessly(detector))} in ${showHarmlessly(place)}: ${showHarmlessly(excerpt)}`,
  );
  return [
    `${style("name", showHarmlessly(id))}  ${showHarmlessly(title)}`,
    ...found,
    style("faint", `  approved, these values also pass in other ${showHarmlessly(covers)}`),
    style("faint", `  in ${bottle}, refused in ${left} s unless you \`bottle hold approve ${showHarmlessly(id)}\``),
    "",
  ].join("\n");
}
