import type { Judged } from "./judge.ts";

/** Shares that are asked for, and those that were reached. */
export type EgressScore = {
  readonly block: { readonly cases: number; readonly contained: number; readonly share: number };
  readonly allow: { readonly cases: number; readonly blocked: number };
  readonly notClaimed: number;
};

/** Counts what a goal is held against. */
export function scoreOf(judged: readonly Judged[]): EgressScore {
  const claimed = judged.filter(({ outcome }) => outcome !== "not claimed");
  const block = claimed.filter(({ expected }) => expected === "block");
  const allow = claimed.filter(({ expected }) => expected === "allow");
  const contained = block.filter(({ right }) => right).length;
  return {
    block: { cases: block.length, contained, share: block.length === 0 ? 1 : contained / block.length },
    allow: { cases: allow.length, blocked: allow.filter(({ right }) => !right).length },
    notClaimed: judged.length - claimed.length,
  };
}

/** The confusion table by category, what is not claimed and why, every miss, and whether the goals hold. */
export function renderReport(judged: readonly Judged[], goals: { readonly contained: number }): string {
  const { block, allow } = scoreOf(judged);
  const claimed = judged.filter(({ outcome }) => outcome !== "not claimed");
  const outside = judged.filter(({ outcome }) => outcome === "not claimed");
  const wrong = claimed.filter(({ right }) => !right);
  const share = `${(block.share * 100).toFixed(1)} %`;
  return [
    `${"category".padEnd(24)}  block: contained  missed   allow: passed  blocked`,
    ...[...group(claimed)].map(([category, rows]) => {
      const count = (expected: string, right: boolean) =>
        String(rows.filter((row) => row.expected === expected && row.right === right).length);
      return `${category.padEnd(24)}  ${count("block", true).padStart(16)}  ${count("block", false).padStart(6)}   ${count("allow", true).padStart(13)}  ${count("allow", false).padStart(7)}`;
    }),
    "",
    "contained by:",
    ...[...tally(claimed.filter(({ outcome }) => outcome === "contained").map(({ by }) => by))].map(
      ([by, times]) => `  ${String(times).padStart(3)}  ${by}`,
    ),
    "",
    "not claimed:",
    ...[...group(outside)].map(
      ([category, rows]) =>
        `  ${String(rows.length).padStart(3)}  ${category}: ${[...new Set(rows.map(({ by }) => by))].join("; ")}`,
    ),
    "",
    wrong.length === 0 ? "no miss" : "misses:",
    ...wrong.map(
      ({ id, category, expected, outcome, by }) => `  ${id} (${category}): ${expected} expected, ${outcome}: ${by}`,
    ),
    "",
    `contained: ${block.contained} of ${block.cases}, ${share}; ${block.share >= goals.contained ? "holds" : "DOES NOT HOLD"}: at least ${goals.contained * 100} %`,
    `blocked although allowed: ${allow.blocked} of ${allow.cases}; ${allow.blocked === 0 ? "holds" : "DOES NOT HOLD"}: none`,
  ].join("\n");
}

function group(judged: readonly Judged[]): ReadonlyMap<string, readonly Judged[]> {
  const groups = new Map<string, Judged[]>();
  for (const one of judged) groups.set(one.category, [...(groups.get(one.category) ?? []), one]);
  return groups;
}

function tally(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
