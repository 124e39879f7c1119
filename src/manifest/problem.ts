/** One thing wrong with a manifest, where it is, and what to type instead. */
export type Problem = {
  readonly severity: "error" | "warning";
  readonly file: string;
  /** From 1 */
  readonly line: number;
  /** From 1, in UTF-16 code units */
  readonly column: number;
  /** Stable, `manifest/unknown-key` … */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
};
