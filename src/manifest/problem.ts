import type { ProblemCode } from "./problem-codes.ts";

/** One thing wrong with a manifest, where it is, and what to type instead. */
export type Problem = {
  readonly severity: "error" | "warning";
  readonly file: string;
  /** From 1 */
  readonly line: number;
  /** From 1, in UTF-16 code units */
  readonly column: number;
  /** Stable, `manifest/unknown-key` … */
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string | undefined;
};

/** Problems in the order in which a person reads them: by file, then from top to bottom, each once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...once.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.code, b.code),
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
