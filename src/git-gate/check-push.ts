import type { AskOperator } from "./ask-operator.ts";
import { checkRefs, type RefRefusal, type UpdateFacts } from "./check-refs.ts";
import { type GitCall, type GitEnv, readGit, runGit } from "./git-process.ts";
import { runGitleaks } from "./gitleaks.ts";
import { holdPush } from "./hold-push.ts";
import { judgeLeaks } from "./judge-leaks.ts";
import type { Mirror } from "./mirror.ts";
import { isDone } from "./mirror-folder.ts";
import { findNewContent, type NewContent } from "./new-content.ts";
import type { GatePolicy } from "./policy.ts";
import type { PushFinding, Scan } from "./push-finding.ts";
import { tellRunFiles, tellSecrets } from "./push-words.ts";
import { findRunFiles, type RunFile } from "./run-files.ts";
import { scanPush } from "./scan-push.ts";
import { isNothing, type RefUpdate } from "./send-updates.ts";

/** Why a push does not go on. */
export type PushReason =
  | "refs"
  | "too-much"
  | "secret"
  | "run-files"
  | "rejected"
  | "scan-failed"
  | "not-kept"
  | "moved"
  | "upstream"
  | "interrupted"
  | "broken-off";

/** Whether a push goes on, and if not, what whoever pushes is told. */
export type Verdict =
  | { readonly kind: "pass" }
  | { readonly kind: "refuse"; readonly reason: PushReason; readonly lines: readonly string[] };

/** What the checks of a push came to. */
export type Checked = {
  readonly verdict: Verdict;
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
  readonly ask: AskOperator;
  /** Ends the check: nobody waits for it any more */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

const NOTHING = { commits: 0, files: 0, bytes: 0, findings: [], runFiles: [] };
/** Time between two lines that say how far the search is, `ms` */
const PROGRESS_MS = 2_000;

/** Looks at everything a push would bring, in the quarantine, before any contact with the upstream. */
export async function checkPush(parts: CheckParts): Promise<Checked> {
  const { policy, mirror, updates, env, signal, say } = parts;
  const { repo, folder } = mirror;
  const call = { cwd: folder, env: { GIT_DIR: folder, ...env }, signal };
  if (updates.length > policy.limits.refs) {
    const lines = [`This push changes ${updates.length} refs, and at most ${policy.limits.refs} may change in one.`];
    return { verdict: refuse("too-much", lines), ...NOTHING };
  }
  const facts: UpdateFacts[] = [];
  for (const one of updates) facts.push(await describe(one, call));
  const refused = checkRefs(facts, repo.refs, policy.ownBranches);
  if (refused.length > 0) return { verdict: refuse("refs", tellRefs(refused)), ...NOTHING };
  const odd = await findOddTargets(updates, call);
  if (odd.length > 0) return { verdict: refuse("refs", odd), ...NOTHING };
  const found = await findNewContent(updates, folder, env, policy.limits, signal);
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
  return { files, commits: content.commits.length, ...(await checkContent(parts, content)) };
}

async function checkContent(
  parts: CheckParts,
  content: NewContent,
): Promise<Pick<Checked, "verdict" | "bytes" | "findings" | "runFiles">> {
  const { policy, mirror, say } = parts;
  const { findings: own, cut, bytes } = await search(parts, content);
  const runFiles = findRunFiles(content.changes);
  const facts = { bytes, runFiles, findings: own };
  if (cut || own.some(isPlain)) return { ...facts, verdict: refuse("secret", tellSecrets(own, cut)) };
  const leaks = await searchWithGitleaks(parts, content);
  if (leaks.kind === "failed") {
    return { ...facts, verdict: refuse("scan-failed", [`gitleaks did not come to an end: ${leaks.why}`]) };
  }
  const findings = [...own, ...leaks.findings];
  if (findings.some(isPlain)) return { ...facts, findings, verdict: refuse("secret", tellSecrets(findings, false)) };
  const rule = mirror.repo.runFiles;
  if (runFiles.length > 0 && rule === "refuse") {
    const lines = [
      "This push changes files that run somewhere, and the bottle does not allow that:",
      ...tellRunFiles(runFiles),
      "Leave them as they are in every commit, and tell the operator what should change in them.",
    ];
    return { ...facts, findings, verdict: refuse("run-files", lines) };
  }
  const held = rule === "hold" ? runFiles : [];
  for (const line of held.length > 0 ? [] : tellRunFiles(runFiles)) say(`note: ${line.trim()}; the operator sees this`);
  if (held.length === 0 && findings.length === 0) {
    if (policy.gitleaks !== undefined) say("searched by gitleaks as well");
    return { ...facts, findings, verdict: { kind: "pass" } };
  }
  return { ...facts, findings, verdict: await holdPush(parts, findings, held) };
}

function isPlain({ doubt }: PushFinding): boolean {
  return doubt === undefined;
}

function refuse(reason: PushReason, lines: readonly string[]) {
  return { kind: "refuse", reason, lines } as const;
}

function tellRefs(refusals: readonly RefRefusal[]): readonly string[] {
  const shown = refusals.slice(0, 10);
  const whatToDo = [...new Set(shown.map((one) => one.whatToDo))];
  return [...shown.map(({ name, why }) => `${name} ${why}.`), ...whatToDo.map((text) => `What to do: ${text}`)];
}

async function describe(update: RefUpdate, call: GitCall): Promise<UpdateFacts> {
  if (isNothing(update.old) || isNothing(update.new)) return { ...update, rewinds: false };
  const isTag = update.name.startsWith("refs/tags/");
  const args = ["merge-base", "--is-ancestor", update.old, update.new];
  const forward = !isTag && isDone(await runGit(args, call));
  call.signal?.throwIfAborted(); // one that was ended says nothing
  return { ...update, rewinds: !forward };
}

/** Branches and tags lead to commits; a tree or file alone would bring names that no commit tells. */
async function findOddTargets(updates: readonly RefUpdate[], call: GitCall): Promise<readonly string[]> {
  const wanted = updates.filter((update) => !isNothing(update.new));
  const stdin = wanted.map((update) => `${update.new}^{}\n`).join("");
  const types = await readGit(["cat-file", "--batch-check=%(objecttype)"], { ...call, stdin });
  const lines = types.split("\n");
  return wanted.filter((_, index) => lines[index] !== "commit").map(({ name }) => `${name} does not lead to a commit.`);
}

async function search({ updates, mirror, env, scan, signal, say }: CheckParts, content: NewContent) {
  let last = Date.now();
  const total = content.objects.reduce((sum, { type, size }) => sum + (type === "tree" ? 0 : size), 0);
  const onProgress = (bytes: number): void => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    say(`searched ${megabytes(bytes)} of ${megabytes(total)} MB`);
  };
  return scanPush({ content, updates, folder: mirror.folder, env, scan, signal, onProgress });
}

async function searchWithGitleaks({ policy, mirror, updates, env, signal }: CheckParts, content: NewContent) {
  const tips = updates.filter((update) => !isNothing(update.new)).map((update) => update.new);
  const program = policy.gitleaks;
  if (program === undefined || tips.length === 0) return { kind: "findings", findings: [] } as const;
  const { folder } = mirror;
  const result = await runGitleaks({ program, tips, folder, env, signal });
  if (result.kind === "failed") return result;
  return { kind: "findings", findings: await judgeLeaks(result.leaks, content, folder, env) } as const;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
