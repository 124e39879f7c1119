import { join } from "node:path";
import type { GitPush } from "../journal/event.ts";
import type { AskOperator } from "./ask-operator.ts";
import { type Checked, checkPush, type PushReason } from "./check-push.ts";
import type { GitEnv } from "./git-process.ts";
import type { HookChannel, HookInput } from "./hook-channel.ts";
import type { Mask } from "./mask-text.ts";
import { isDone, isNothing, type Mirror, type RefUpdate } from "./mirror.ts";
import type { GatePolicy } from "./policy.ts";
import type { Scan } from "./push-finding.ts";
import { tellFinding } from "./push-words.ts";
import { tellUpstreamWords } from "./upstream-words.ts";

/** What the receiving of one push needs. */
export type ReceiveParts = {
  readonly policy: GatePolicy;
  readonly mirror: Mirror;
  readonly scan: Scan;
  readonly mask: Mask;
  readonly ask: AskOperator;
  readonly journal: (event: GitPush) => void;
  readonly onBug: (error: unknown) => void;
  readonly now: () => number;
  /** Aborted when whoever pushes has gone, or the gate closes */
  readonly gone: AbortSignal;
};

const MOST_LISTED = 100;
const UNREADABLE = [
  "The names of its branches and tags must be UTF-8, and 8 MiB at most.",
  "What to do: git branch -m.",
];
const HEADLINES: Partial<Record<PushReason, string>> = { "broken-off": "BROKEN OFF on the way to the upstream." };

/**
 * Answers the hook of one push: checks what it brings, sends it to the upstream, and only then lets git change the mirror.
 * `ended` resolves when git has done so; until then no other push and no fetch changes this mirror.
 */
export async function receivePush(parts: ReceiveParts, hook: HookChannel, ended: Promise<unknown>): Promise<void> {
  const { mirror, journal, mask, now } = parts;
  const input = await hook.input;
  if (input === undefined) return; // git refused the push by itself, and told the client
  const started = now();
  const say = (line: string) => hook.say(`bot-bottle: ${mask(line)}`);
  const turn: Turn = { end: () => {} };
  const { checked, outcome } =
    input === "unreadable"
      ? { checked: undefined, outcome: refusal("refs", UNREADABLE) }
      : await decide(parts, input, say, turn).catch((error: unknown) => explain(parts, error));
  void ended.finally(() => turn.end()); // also after git has changed the mirror's refs
  if (outcome.kind === "passed") say(`sent to ${mirror.repo.name}.`);
  else for (const line of [HEADLINES[outcome.reason] ?? "REFUSED; nothing was changed.", ...outcome.lines]) say(line);
  journal(makeEvent(parts, input === "unreadable" ? [] : input.updates, checked, outcome, now() - started));
  hook.finish(outcome.kind === "passed" ? "accept" : "refuse");
}

type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "refused"; readonly reason: PushReason; readonly lines: readonly string[] };

type Decided = { readonly checked: Checked | undefined; readonly outcome: Outcome };

/** The right to change the mirror, once it was taken. */
type Turn = { end: () => void };

function refusal(reason: PushReason, lines: readonly string[]): Outcome {
  return { kind: "refused", reason, lines };
}

function explain({ gone, onBug }: ReceiveParts, error: unknown): Decided {
  if (gone.aborted) return { checked: undefined, outcome: refusal("interrupted", ["The push was broken off."]) };
  onBug(error);
  const lines = ["The check of this push did not come to an end; nothing was sent."];
  return { checked: undefined, outcome: refusal("scan-failed", lines) };
}

async function decide(
  { policy, mirror, scan, mask, ask, gone }: ReceiveParts,
  { quarantine, updates }: HookInput,
  say: (line: string) => void,
  turn: Turn,
): Promise<Decided> {
  const env = makeQuarantineEnv(mirror.folder, quarantine);
  const checked = await checkPush({
    policy,
    mirror,
    updates,
    env,
    scan,
    ask: maskQuestions(ask, mask),
    signal: gone,
    say,
  });
  const { verdict } = checked;
  if (verdict.kind === "refuse") return { checked, outcome: refusal(verdict.reason, verdict.lines) };
  turn.end = await mirror.turns.take();
  const moved = await findMoved(mirror, updates);
  if (moved.length > 0) {
    const lines = moved.map((name) => `${name} has changed meanwhile.`);
    return {
      checked,
      outcome: refusal("moved", [...lines, "What to do: git fetch, then merge or rebase, and push again."]),
    };
  }
  // from here on it is not broken off: what an upstream that is left in the middle did, nobody would know
  if (gone.aborted) return { checked, outcome: refusal("interrupted", ["Whoever pushed has gone; nothing was sent."]) };
  say(`nothing stands against it; sending to ${mirror.repo.name}`);
  const sent = await mirror.send(updates, env);
  if (isDone(sent)) return { checked, outcome: { kind: "passed" } };
  if (sent.exit.kind === "signal") {
    const lines = ["Whether the upstream took it is not known; the next fetch tells."];
    return { checked, outcome: refusal("broken-off", [...tellUpstreamWords(sent.stderr, mask), ...lines]) };
  }
  const said = tellUpstreamWords(`${sent.stderr}\n${tellRejected(sent.stdout.toString("utf8"))}`, mask);
  return {
    checked,
    outcome: refusal("upstream", ["The upstream did not take it; it said:", ...said.map((line) => `  ${line}`)]),
  };
}

function maskQuestions(ask: AskOperator, mask: Mask): AskOperator {
  return (question, signal) => {
    const refs = question.refs.map(mask);
    const things = question.things.map((thing) => ({
      ...thing,
      place: mask(thing.place),
      excerpt: mask(thing.excerpt),
    }));
    return ask({ ...question, refs, things }, signal);
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

/** The push as the journal keeps it: names of refs and files are the bottle's own words, and masked like all others. */
function makeEvent(
  { mirror, mask }: ReceiveParts,
  updates: readonly RefUpdate[],
  checked: Checked | undefined,
  outcome: Outcome,
  ms: number,
): GitPush {
  const { commits = 0, files = 0, bytes = 0, findings = [], runFiles = [] } = checked ?? {};
  return {
    kind: "git-push",
    repo: mirror.repo.name,
    outcome: outcome.kind,
    reason: outcome.kind === "passed" ? undefined : outcome.reason,
    refs: updates.slice(0, MOST_LISTED).map(({ name, old, new: id }) => `${old} ${id} ${mask(name)}`),
    total: updates.length,
    commits,
    files,
    bytes,
    findings: findings.slice(0, MOST_LISTED).map((finding) => mask(tellFinding(finding).trim())),
    runFiles: runFiles.slice(0, MOST_LISTED).map(({ path }) => mask(path)),
    said: outcome.kind === "passed" ? [] : outcome.lines.map(mask),
    ms,
  };
}
