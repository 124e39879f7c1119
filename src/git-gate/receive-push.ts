import { join } from "node:path";
import type { GitPush } from "../journal/event.ts";
import type { AskOperator } from "./ask-operator.ts";
import { type Checked, checkPush, type PushReason } from "./check-push.ts";
import type { GitEnv } from "./git-process.ts";
import type { HookChannel, HookInput } from "./hook-channel.ts";
import type { Mask } from "./mask-text.ts";
import type { Mirror } from "./mirror.ts";
import type { GatePolicy } from "./policy.ts";
import type { Scan } from "./push-finding.ts";
import { tellFinding } from "./push-words.ts";
import { isNothing, type RefUpdate } from "./send-updates.ts";
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
 * Answers the hooks of one push: checks what it brings, lets git keep its objects, sends it to the upstream, and tells git
 * what the upstream did. Git never hears anything else: what the upstream took is taken, also when the mirror cannot follow.
 */
export async function receivePush(parts: ReceiveParts, hook: HookChannel): Promise<void> {
  const { mirror, journal, mask, now, gone, onBug } = parts;
  const input = await hook.input;
  if (input === undefined) return; // git refused the push by itself, and told the client
  const started = now();
  const say = (line: string) => hook.say(`bot-bottle: ${mask(line)}`);
  const end = (updates: readonly RefUpdate[], checked: Checked | undefined, outcome: Outcome): void => {
    if (outcome.kind === "passed") say(`sent to ${mirror.repo.name}.`);
    else for (const line of [HEADLINES[outcome.reason] ?? "REFUSED; nothing was changed.", ...outcome.lines]) say(line);
    journal(makeEvent(parts, updates, checked, outcome, now() - started));
  };
  if (input === "unreadable") {
    end([], undefined, refusal("refs", UNREADABLE));
    return hook.refuse();
  }
  const { updates } = input;
  const checked = await check(parts, input, say).catch((error: unknown) => explain(parts, error));
  if (checked.outcome.kind === "refused") {
    end(updates, checked.checked, checked.outcome);
    return hook.refuse();
  }
  const kept = !gone.aborted && (await hook.accept());
  const outcome = kept
    ? await mirror.turns.run(() => send(parts, updates, say)).catch((error: unknown) => explain(parts, error).outcome)
    : gone.aborted
      ? INTERRUPTED
      : refusal("not-kept", ["The gate could not keep its objects; nothing was sent."]);
  end(updates, checked.checked, outcome);
  if (outcome.kind === "passed" && outcome.unkept !== undefined) {
    const why = tellUpstreamWords(outcome.unkept, mask);
    for (const line of ["The upstream has it. The gate's own copy could not follow and is fetched anew:", ...why])
      say(line);
    onBug(new Error(`the mirror of ${mirror.repo.name} could not follow its upstream: ${why.join(" ")}`));
  }
  hook.report(updates, outcome.kind === "passed" ? undefined : (TOLD[outcome.reason] ?? "refused by bot-bottle"));
}

const UNKNOWN = "Whether the upstream took it is not known; the next fetch tells.";
const INTERRUPTED = refusal("interrupted", ["Whoever pushed has gone; nothing was sent."]);

/** What git shows beside each ref; the lines before it say more. */
const TOLD: Partial<Record<PushReason, string>> = {
  upstream: "refused by the upstream",
  "broken-off": "broken off on the way to the upstream",
};

type Outcome =
  | { readonly kind: "passed"; readonly unkept: string | undefined }
  | { readonly kind: "refused"; readonly reason: PushReason; readonly lines: readonly string[] };

type Decided = { readonly checked: Checked | undefined; readonly outcome: Outcome };

function refusal(reason: PushReason, lines: readonly string[]): Outcome {
  return { kind: "refused", reason, lines };
}

function explain({ gone, onBug }: ReceiveParts, error: unknown): Decided {
  if (gone.aborted) return { checked: undefined, outcome: INTERRUPTED };
  onBug(error);
  const lines = ["The check of this push did not come to an end; nothing was sent."];
  return { checked: undefined, outcome: refusal("scan-failed", lines) };
}

/** Looks at the push while git still holds its objects apart. */
async function check(
  { policy, mirror, scan, mask, ask, gone }: ReceiveParts,
  { quarantine, updates }: HookInput,
  say: (line: string) => void,
): Promise<Decided> {
  const env = makeQuarantineEnv(mirror.folder, quarantine);
  const checked = await checkPush({
    ...{ policy, mirror, updates, env, scan, say },
    ask: maskQuestions(ask, mask),
    signal: gone,
  });
  const { verdict } = checked;
  if (verdict.kind === "refuse") return { checked, outcome: refusal(verdict.reason, verdict.lines) };
  return { checked, outcome: { kind: "passed", unkept: undefined } };
}

/** Sends what was checked, and changes the mirror as the upstream did. */
async function send(
  { mirror, mask, gone, onBug }: ReceiveParts,
  updates: readonly RefUpdate[],
  say: (line: string) => void,
): Promise<Outcome> {
  const moved = await findMoved(mirror, updates);
  if (moved.length > 0) {
    const lines = moved.map((name) => `${name} has changed meanwhile.`);
    return refusal("moved", [...lines, "What to do: git fetch, then merge or rebase, and push again."]);
  }
  // from here on it is not broken off: what an upstream that is left in the middle did, nobody would know
  if (gone.aborted) return INTERRUPTED;
  say(`nothing stands against it; sending to ${mirror.repo.name}`);
  const delivered = await mirror.deliver(updates).catch(onBug);
  if (delivered === undefined) return refusal("broken-off", [UNKNOWN]);
  const { sent, took, unkept } = delivered;
  if (took === "all") return { kind: "passed", unkept };
  if (took === "unknown") return refusal("broken-off", [...tellUpstreamWords(sent.stderr, mask), UNKNOWN]);
  const said = tellUpstreamWords(`${sent.stderr}\n${tellRejected(sent.stdout.toString("utf8"))}`, mask);
  return refusal("upstream", ["The upstream did not take it; it said:", ...said.map((line) => `  ${line}`)]);
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

/** Git leaves the comparison with the old values to whoever changes the refs in its place. */
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
