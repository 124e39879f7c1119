import { checkRefs, type RefRefusal, type UpdateFacts } from "./check-refs.ts";
import { type GitEnv, readGit, runGit } from "./git-process.ts";
import { runGitleaks } from "./gitleaks.ts";
import { isDone, isNothing, type Mirror, type RefUpdate } from "./mirror.ts";
import { findNewContent, type NewContent } from "./new-content.ts";
import type { GatePolicy } from "./policy.ts";
import { tellFindings } from "./push-words.ts";
import { findRunFiles, type RunFile } from "./run-files.ts";
import { type PushFinding, type Scan, scanPush } from "./scan-push.ts";

/** Why a push does not go on. */
export type PushReason =
  | "refs"
  | "too-much"
  | "secret"
  | "run-files"
  | "scan-failed"
  | "moved"
  | "upstream"
  | "interrupted";

/** What the checks of a push came to. */
export type Checked = {
  readonly verdict:
    | { readonly kind: "pass" }
    | { readonly kind: "refuse"; readonly reason: PushReason; readonly lines: readonly string[] };
  readonly commits: number;
  readonly files: number;
  readonly bytes: number;
  readonly findings: readonly PushFinding[];
  readonly runFiles: readonly RunFile[];
};

/** What a push is checked with. */
export type CheckParts = {
  readonly policy: GatePolicy;
  readonly mirror: Mirror;
  readonly updates: readonly RefUpdate[];
  readonly env: GitEnv;
  readonly scan: Scan;
  readonly say: (line: string) => void;
};

const NOTHING = { commits: 0, files: 0, bytes: 0, findings: [], runFiles: [] };
/** Time between two lines that say how far the search is, `ms` */
const PROGRESS_MS = 2_000;

/** Looks at everything a push would bring, in the quarantine, before any contact with the upstream. */
export async function checkPush(parts: CheckParts): Promise<Checked> {
  const { policy, mirror, updates, env, say } = parts;
  const { repo, folder } = mirror;
  const refused = checkRefs(
    await Promise.all(updates.map((one) => describe(one, folder, env))),
    repo.refs,
    policy.ownBranches,
  );
  const odd = refused.length > 0 ? [] : await findOddTargets(updates, folder, env);
  if (refused.length > 0) return { verdict: refuse("refs", tellRefs(refused)), ...NOTHING };
  if (odd.length > 0) return { verdict: refuse("refs", odd), ...NOTHING };
  const found = await findNewContent(updates, folder, env, policy.limits);
  if (found.kind === "too-much") {
    const lines = [
      `This push is too large: ${found.why}.`,
      "Push it in several parts: git push REMOTE COMMIT:refs/heads/BRANCH.",
    ];
    return { verdict: refuse("too-much", lines), ...NOTHING };
  }
  const { content } = found;
  const files = content.objects.filter(({ type }) => type === "blob").length;
  say(`checking ${count(content.commits.length, "new commit")} and ${count(files, "new version")} of files`);
  const { findings, bytes } = await search(parts, content);
  const runFiles = findRunFiles(content.changes);
  for (const { path, what, commit } of runFiles.slice(0, 10)) {
    say(`note: ${path} ${what} (commit ${commit.slice(0, 12)}); the operator sees this`);
  }
  const facts = { commits: content.commits.length, files, bytes, findings, runFiles };
  if (findings.length > 0) {
    return { verdict: refuse("secret", ["This push has secrets in it:", ...tellFindings(findings)]), ...facts };
  }
  const leaks = await searchWithGitleaks(parts);
  if (leaks.kind === "failed") {
    return { verdict: refuse("scan-failed", [`gitleaks did not come to an end: ${leaks.why}`]), ...facts };
  }
  if (leaks.findings.length > 0) {
    const lines = ["This push has secrets in it, says gitleaks:", ...tellFindings(leaks.findings)];
    return { verdict: refuse("secret", lines), ...facts, findings: leaks.findings };
  }
  if (runFiles.length > 0 && repo.runFiles === "refuse") {
    const lines = [
      "This push changes files that run somewhere, and the bottle does not allow that:",
      ...runFiles.slice(0, 10).map(({ path, what }) => `  ${path} ${what}`),
      "Leave them as they are in every commit, and tell the operator what should change in them.",
    ];
    return { verdict: refuse("run-files", lines), ...facts };
  }
  return { verdict: { kind: "pass" }, ...facts };
}

function refuse(reason: PushReason, lines: readonly string[]) {
  return { kind: "refuse", reason, lines } as const;
}

function tellRefs(refusals: readonly RefRefusal[]): readonly string[] {
  const shown = refusals.slice(0, 10);
  const whatToDo = [...new Set(shown.map((one) => one.whatToDo))];
  return [...shown.map(({ name, why }) => `${name} ${why}.`), ...whatToDo.map((text) => `What to do: ${text}`)];
}

async function describe(update: RefUpdate, folder: string, env: GitEnv): Promise<UpdateFacts> {
  if (isNothing(update.old) || isNothing(update.new)) return { ...update, rewinds: false };
  const isTag = update.name.startsWith("refs/tags/");
  const args = ["merge-base", "--is-ancestor", update.old, update.new];
  const forward = !isTag && isDone(await runGit(args, { cwd: folder, env: { GIT_DIR: folder, ...env } }));
  return { ...update, rewinds: !forward };
}

/** Branches and tags lead to commits; a tree or file alone would bring names that no commit tells. */
async function findOddTargets(updates: readonly RefUpdate[], folder: string, env: GitEnv): Promise<readonly string[]> {
  const wanted = updates.filter((update) => !isNothing(update.new));
  const stdin = wanted.map((update) => `${update.new}^{}\n`).join("");
  const types = await readGit(["cat-file", "--batch-check=%(objecttype)"], {
    cwd: folder,
    env: { GIT_DIR: folder, ...env },
    stdin,
  });
  const lines = types.split("\n");
  return wanted.filter((_, index) => lines[index] !== "commit").map(({ name }) => `${name} does not lead to a commit.`);
}

async function search({ updates, mirror, env, scan, say }: CheckParts, content: NewContent) {
  let last = Date.now();
  const total = content.objects.reduce((sum, { type, size }) => sum + (type === "tree" ? 0 : size), 0);
  const onProgress = (bytes: number): void => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    say(`searched ${megabytes(bytes)} of ${megabytes(total)} MB`);
  };
  return scanPush({ content, updates, folder: mirror.folder, env, scan, onProgress });
}

async function searchWithGitleaks({ policy, mirror, updates, env }: CheckParts) {
  const tips = updates.filter((update) => !isNothing(update.new)).map((update) => update.new);
  if (policy.gitleaks === undefined || tips.length === 0) return { kind: "findings", findings: [] } as const;
  return runGitleaks(policy.gitleaks, tips, mirror.folder, env);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
