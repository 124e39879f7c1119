import { type Finished, run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import type { GitEnv } from "./git-process.ts";

/** One secret that gitleaks found; never leaves the check of its push. */
export type Leak = {
  readonly rule: string;
  readonly secret: string;
  readonly path: string;
  readonly commit: string;
  readonly line: number;
};

/** What gitleaks came to: what it found, or why it did not come to an end. */
export type GitleaksResult =
  | { readonly kind: "leaks"; readonly leaks: readonly Leak[] }
  | { readonly kind: "failed"; readonly why: string };

const TIMEOUT_MS = 10 * 60_000;
const HOW = [
  ...["--report-format", "json", "--report-path", "/dev/stdout", "--exit-code", "0"],
  ...["--no-banner", "--log-level", "error", "--ignore-gitleaks-allow"],
];

/** How gitleaks is run. */
export type GitleaksCall = {
  readonly program: string;
  readonly tips: readonly string[];
  readonly folder: string;
  readonly env: GitEnv;
  readonly signal: AbortSignal;
};

/**
 * Lets gitleaks search the commits of a push, with its own rules and none of a repository's: a bare mirror has no
 * configuration of it, and marks that allow a value are left to a person.
 */
export async function runGitleaks({ program, tips, folder, env, signal }: GitleaksCall): Promise<GitleaksResult> {
  const range = [...tips, "--not", "--all"].join(" ");
  const finished = await run([program, "git", ...HOW, "--log-opts", range, folder], {
    cwd: folder,
    env: { PATH: SYSTEM_PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", ...env },
    timeoutMs: TIMEOUT_MS,
    group: true,
    signal,
  }).catch((error: unknown) => (error instanceof Error ? error.message : "unknown"));
  return typeof finished === "string" ? { kind: "failed", why: finished } : readResult(finished);
}

function readResult({ exit, stdout, stderr }: Finished): GitleaksResult {
  if (exit.kind === "signal") return { kind: "failed", why: `it was ended by ${exit.signal}` };
  if (exit.code !== 0) return { kind: "failed", why: stderr.trim().slice(0, 300) || `it ended with ${exit.code}` };
  return parseGitleaksReport(stdout.toString("utf8"));
}

/** Reads the report of gitleaks. */
export function parseGitleaksReport(text: string): GitleaksResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "failed", why: "its report is not JSON" }; // the parser's error would quote it
  }
  if (!Array.isArray(value)) return { kind: "failed", why: "its report is not a list" };
  const leaks = value.map(parseRow);
  if (leaks.includes(undefined)) return { kind: "failed", why: "its report has a row that is not understood" };
  return { kind: "leaks", leaks: leaks.filter((leak) => leak !== undefined) };
}

function parseRow(row: unknown): Leak | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const { RuleID: rule, Secret: secret, File: path, Commit: commit, StartLine: line } = row as Record<string, unknown>;
  if (typeof rule !== "string" || typeof secret !== "string" || typeof path !== "string") return undefined;
  if (typeof commit !== "string" || typeof line !== "number") return undefined;
  return { rule, secret, path, commit, line };
}
