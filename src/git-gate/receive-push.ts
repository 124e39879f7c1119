import { join } from "node:path";
import type { GitPush } from "../journal/event.ts";
import { type Checked, checkPush, type PushReason } from "./check-push.ts";
import type { GitEnv } from "./git-process.ts";
import type { HookChannel, HookInput } from "./hook-channel.ts";
import { isDone, isNothing, type Mirror, type RefUpdate } from "./mirror.ts";
import type { GatePolicy } from "./policy.ts";
import { tellFinding } from "./push-words.ts";
import type { Scan } from "./scan-push.ts";
import { tellUpstreamWords } from "./upstream-words.ts";

/** What the receiving of one push needs. */
export type ReceiveParts = {
  readonly policy: GatePolicy;
  readonly mirror: Mirror;
  readonly scan: Scan;
  readonly mask: (text: string) => string;
  readonly journal: (event: GitPush) => void;
  readonly onBug: (error: unknown) => void;
  readonly now: () => number;
};

const MOST_LISTED = 100;

/**
 * Answers the hook of one push: checks what it brings, sends it to the upstream, and only then lets git change the mirror.
 * `ended` resolves when git has done so; until then no other push and no fetch changes this mirror.
 */
export async function receivePush(parts: ReceiveParts, hook: HookChannel, ended: Promise<unknown>): Promise<void> {
  const { mirror, journal, onBug, now } = parts;
  const input = await hook.input;
  if (input === undefined) return; // git refused the push by itself, and told the client
  const started = now();
  const say = (line: string) => hook.say(`bot-bottle: ${line}`);
  const { checked, outcome } = await decide(parts, input, say, ended).catch((error: unknown) => {
    onBug(error);
    return {
      checked: undefined,
      outcome: refusal("scan-failed", ["The check of this push did not come to an end; nothing was sent."]),
    };
  });
  if (outcome.kind === "passed") say(`sent to ${mirror.repo.name}.`);
  else for (const line of ["REFUSED; nothing was changed.", ...outcome.lines]) say(line);
  journal(makeEvent(mirror.repo.name, input, checked, outcome, now() - started));
  hook.finish(outcome.kind === "passed" ? "accept" : "refuse");
}

type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "refused"; readonly reason: PushReason; readonly lines: readonly string[] };

function refusal(reason: PushReason, lines: readonly string[]): Outcome {
  return { kind: "refused", reason, lines };
}

async function decide(
  { policy, mirror, scan, mask }: ReceiveParts,
  { quarantine, updates }: HookInput,
  say: (line: string) => void,
  ended: Promise<unknown>,
): Promise<{ readonly checked: Checked; readonly outcome: Outcome }> {
  const env = makeQuarantineEnv(mirror.folder, quarantine);
  const checked = await checkPush({ policy, mirror, updates, env, scan, say });
  const { verdict } = checked;
  if (verdict.kind === "refuse") return { checked, outcome: refusal(verdict.reason, verdict.lines) };
  const done = await mirror.turns.take();
  void ended.finally(done); // also after git has changed the mirror's refs
  const moved = await findMoved(mirror, updates);
  if (moved.length > 0) {
    const lines = moved.map((name) => `${name} has changed meanwhile.`);
    return {
      checked,
      outcome: refusal("moved", [...lines, "What to do: git fetch, then merge or rebase, and push again."]),
    };
  }
  say(`no secrets found; sending to ${mirror.repo.name}`);
  const sent = await mirror.send(updates, env);
  if (isDone(sent)) return { checked, outcome: { kind: "passed" } };
  const said = tellUpstreamWords(`${sent.stderr}\n${tellRejected(sent.stdout.toString("utf8"))}`, mask);
  return {
    checked,
    outcome: refusal("upstream", ["The upstream did not take it; it said:", ...said.map((line) => `  ${line}`)]),
  };
}

/** The lines of `git push --porcelain` about refs that were not taken. */
function tellRejected(porcelain: string): string {
  const rejected = porcelain.split("\n").filter((line) => line.startsWith("!\t"));
  return rejected.map((line) => line.split("\t").slice(1).join(" ")).join("\n");
}

/** Objects are read from the quarantine first; refs are the mirror's, so that nothing is changed by reading. */
function makeQuarantineEnv(folder: string, quarantine: string | undefined): GitEnv {
  if (quarantine === undefined) return {};
  return { GIT_OBJECT_DIRECTORY: quarantine, GIT_ALTERNATE_OBJECT_DIRECTORIES: quote(join(folder, "objects")) };
}

function quote(path: string): string {
  return `"${path.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Git compares with the old values only after the upstream has taken the push; then it would be too late. */
async function findMoved(mirror: Mirror, updates: readonly RefUpdate[]): Promise<readonly string[]> {
  const refs = await mirror.refs();
  return updates
    .filter(({ name, old }) => (refs.get(name) ?? "") !== (isNothing(old) ? "" : old))
    .map(({ name }) => name);
}

function makeEvent(
  repo: string,
  { updates }: HookInput,
  checked: Checked | undefined,
  outcome: Outcome,
  ms: number,
): GitPush {
  const { commits = 0, files = 0, bytes = 0, findings = [], runFiles = [] } = checked ?? {};
  return {
    kind: "git-push",
    repo,
    outcome: outcome.kind,
    reason: outcome.kind === "passed" ? undefined : outcome.reason,
    refs: updates.slice(0, MOST_LISTED).map(({ name, old, new: id }) => `${old} ${id} ${name}`),
    total: updates.length,
    commits,
    files,
    bytes,
    findings: findings.slice(0, MOST_LISTED).map((finding) => tellFinding(finding).trim()),
    runFiles: runFiles.slice(0, MOST_LISTED).map(({ path }) => path),
    said: outcome.kind === "passed" ? [] : outcome.lines,
    ms,
  };
}
