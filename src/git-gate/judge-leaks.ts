import { digestSecret, isExample, maskSecret } from "../detect/finding.ts";
import { makeBaseline } from "./baseline.ts";
import type { GitEnv } from "./git-process.ts";
import type { Leak } from "./gitleaks.ts";
import type { Change, NewContent } from "./new-content.ts";
import { readObjects } from "./object-reader.ts";
import { judgeDoubt, type PushFinding } from "./push-finding.ts";

/** What gitleaks found as findings of ours: without what the upstream has already, and with what a person may doubt. */
export async function judgeLeaks(
  leaks: readonly Leak[],
  { objects, changes }: NewContent,
  folder: string,
  env: GitEnv,
): Promise<readonly PushFinding[]> {
  const byCommit = new Map(changes.map((change, at) => [`${change.commit} ${change.path}`, { change, at }] as const));
  const baseline = makeBaseline(new Set(objects.map(({ id }) => id)), folder, env);
  const placed = leaks.map((leak) => ({ leak, ...byCommit.get(`${leak.commit} ${leak.path}`) }));
  placed.sort((a, b) => (a.at ?? -1) - (b.at ?? -1)); // oldest first, as the baseline wants it
  const findings: PushFinding[] = [];
  for (const { leak, change } of placed) {
    const secret = Buffer.from(leak.secret);
    if (change !== undefined && (await baseline.knows(secret, change.blob, [change]))) continue;
    findings.push(await makeFinding(leak, change, folder, env));
  }
  return findings;
}

async function makeFinding(
  { rule, secret, path, commit, line }: Leak,
  change: Change | undefined,
  folder: string,
  env: GitEnv,
): Promise<PushFinding> {
  const text = change === undefined ? "" : await readLine(change.blob, line, folder, env);
  const where = path === "" ? ({ place: "commit", path: undefined } as const) : ({ place: "file", path } as const);
  const digest = digestSecret(secret);
  return {
    ...{ rule, provider: "gitleaks", ...where, commit, line: path === "" ? undefined : line },
    ...{ encodings: [], excerpt: maskSecret(secret), digest },
    doubt: judgeDoubt({ digest, example: isExample(secret) }, text),
  };
}

async function readLine(blob: string, line: number, folder: string, env: GitEnv): Promise<string> {
  for await (const { bytes } of readObjects([blob], folder, env))
    return bytes.toString("utf8").split("\n")[line - 1] ?? "";
  return "";
}
