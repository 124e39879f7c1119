import { run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import { maskSecret } from "../detect/finding.ts";
import type { GitEnv } from "./git-process.ts";
import type { PushFinding } from "./scan-push.ts";

/** What gitleaks came to: what it found, or why it did not come to an end. */
export type GitleaksResult =
  | { readonly kind: "findings"; readonly findings: readonly (PushFinding & { readonly secret: string })[] }
  | { readonly kind: "failed"; readonly why: string };

const TIMEOUT_MS = 10 * 60_000;

/**
 * Lets gitleaks search the commits of a push, with its own rules and none of a repository's: a bare mirror has no
 * configuration of it, and marks that allow a value are left to a person.
 */
export async function runGitleaks(
  program: string,
  tips: readonly string[],
  folder: string,
  env: GitEnv,
): Promise<GitleaksResult> {
  const range = [...tips, "--not", "--all"].join(" ");
  const how = [
    "--report-format",
    "json",
    "--report-path",
    "/dev/stdout",
    "--exit-code",
    "0",
    "--no-banner",
    "--ignore-gitleaks-allow",
  ];
  const finished = await run([program, "git", ...how, "--log-level", "error", "--log-opts", range, folder], {
    cwd: folder,
    env: { PATH: SYSTEM_PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", ...env },
    timeoutMs: TIMEOUT_MS,
  });
  const { exit } = finished;
  if (exit.kind !== "code" || exit.code !== 0) return { kind: "failed", why: finished.stderr.trim().slice(0, 300) };
  return parseGitleaksReport(finished.stdout.toString("utf8"));
}

/** The report of gitleaks as findings of ours. */
export function parseGitleaksReport(text: string): GitleaksResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "failed", why: "its report is not JSON" }; // the parser's error would quote it
  }
  if (!Array.isArray(value)) return { kind: "failed", why: "its report is not a list" };
  const findings = value.map(parseRow);
  if (findings.includes(undefined)) return { kind: "failed", why: "its report has a row that is not understood" };
  return { kind: "findings", findings: findings.filter((finding) => finding !== undefined) };
}

function parseRow(row: unknown): (PushFinding & { readonly secret: string }) | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const { RuleID: rule, Secret: secret, File: path, Commit: commit, StartLine: line } = row as Record<string, unknown>;
  if (typeof rule !== "string" || typeof secret !== "string" || typeof path !== "string") return undefined;
  if (typeof commit !== "string" || typeof line !== "number") return undefined;
  const place = path === "" ? "commit" : "file";
  return {
    ...{
      rule,
      provider: "gitleaks",
      place,
      commit,
      path,
      line,
      secret,
      by: "gitleaks",
      encodings: [],
      doubt: undefined,
    },
    excerpt: maskSecret(secret),
  };
}
