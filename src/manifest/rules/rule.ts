import type { Problem } from "../problem.ts";
import type { KeyPath, YamlSource } from "../yaml-source.ts";

/** What rules know besides the manifest. */
export type RuleFacts = { readonly userHome: string };

/** How a rule says what is wrong. */
export type Report = {
  /** Points at a value. */
  value(path: KeyPath, code: Problem["code"], message: string, hint?: string): void;
  /** Points at a key. */
  key(path: KeyPath, code: Problem["code"], message: string, hint?: string): void;
  /** Points at a value that works but is probably not what was meant. */
  warning(path: KeyPath, code: Problem["code"], message: string, hint?: string): void;
};

/** One thing that must hold in a file of the right shape. */
export type Rule<Written> = (written: Written, report: Report, facts: RuleFacts) => void;

/** What a list of rules finds in one file. */
export function checkRules<Written>(
  rules: readonly Rule<Written>[],
  written: Written,
  source: YamlSource,
  facts: RuleFacts,
): readonly Problem[] {
  const problems: Problem[] = [];
  const { file } = source;
  const report: Report = {
    value: (path, code, message, hint) =>
      problems.push({ severity: "error", file, ...source.placeOf(path), code, message, hint }),
    key: (path, code, message, hint) =>
      problems.push({ severity: "error", file, ...source.placeOfKey(path), code, message, hint }),
    warning: (path, code, message, hint) =>
      problems.push({ severity: "warning", file, ...source.placeOf(path), code, message, hint }),
  };
  for (const rule of rules) rule(written, report, facts);
  return problems;
}
