import type { StartOutcome } from "../../lifecycle/apply-plan.ts";

/** What came of a start, for a program to read. */
export function renderSummaryJson({ plan, exitCode, ending, ms, settled, totals }: StartOutcome): string {
  const { changes } = settled;
  const summary = {
    version: 1,
    slug: plan.slug,
    bottle: plan.bottle.names.join(" + "),
    agent: plan.agent?.name ?? null,
    provider: plan.provider?.name ?? null,
    backend: plan.backend.name,
    exitCode,
    endedBy: ending.by,
    /** How long the command ran, `ms` */
    ms,
    requests: totals?.requests ?? 0,
    refusals: totals?.refusals ?? 0,
    tokens: totals?.tokens ?? { input: 0, output: 0 },
    changes:
      changes === undefined ? null : { changed: changes.changed, added: changes.added, removed: changes.removed },
    kept: settled.kept ? settled.folder : null,
    workspace: settled.kept && settled.changed ? settled.workspace : null,
  };
  return `${JSON.stringify(summary, undefined, 2)}\n`;
}
