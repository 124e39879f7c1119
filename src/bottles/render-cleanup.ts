import { type Cell, renderColumns } from "../base/columns.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import type { Style } from "../base/style.ts";
import type { CleanupPlan, Removal } from "./plan-cleanup.ts";

/** A clean-up for a person to agree to: what goes and why, and what stays. */
export function renderCleanup(plan: CleanupPlan, style: Style): string {
  const going = plan.removals.map((removal): readonly Cell[] => {
    const { what, name } = describe(removal);
    return [
      { text: removal.kind === "settle" ? "settle" : "remove", tone: "bad" },
      { text: what },
      { text: showHarmlessly(name), tone: "name" },
      { text: showHarmlessly(removal.why), tone: "faint" },
    ];
  });
  const staying = plan.kept.map(({ slug, why }): readonly Cell[] => [
    { text: "keep", tone: "good" },
    { text: "bottle" },
    { text: slug, tone: "name" },
    { text: showHarmlessly(why), tone: "faint" },
  ]);
  if (going.length === 0 && staying.length === 0) return "nothing to clean up\n";
  const lines = renderColumns([...going, ...staying], style);
  const isDone = going.length === 0 && plan.kept.every(({ unasked }) => unasked === undefined);
  return `${[...lines, ...(isDone ? ["nothing to clean up"] : [])].join("\n")}\n`;
}

/** The same plan as JSON for a program. */
export function renderCleanupJson(plan: CleanupPlan): string {
  const removals = plan.removals.map((removal) => ({ kind: removal.kind, ...describe(removal), why: removal.why }));
  const kept = plan.kept.map(({ slug, folder, why, unasked = null }) => ({ slug, folder, why, unasked }));
  return `${JSON.stringify({ removals, kept }, undefined, 2)}\n`;
}

function describe(removal: Removal): { readonly what: string; readonly name: string; readonly path: string | null } {
  switch (removal.kind) {
    case "guest":
      return { what: `${removal.guest.backend} guest`, name: removal.guest.slug, path: null };
    case "state":
    case "settle":
      return { what: "bottle", name: removal.slug, path: removal.folder };
    case "label":
      return { what: "label", name: removal.label, path: removal.path };
    case "leftover":
      return { what: removal.leftover.kind, name: removal.leftover.path, path: removal.leftover.path };
  }
}
