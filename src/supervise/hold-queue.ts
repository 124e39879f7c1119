import type { Clock } from "../base/clock.ts";
import type { Ids } from "../base/ids.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import { makeTokenBucket } from "../base/token-bucket.ts";
import type { HoldEnd, JournalEvent } from "../journal/event.ts";
import type { Decision, HoldKind, Question, Supervisor } from "./hold.ts";

/** A question that waits, as a person may see it. */
export type Hold = {
  readonly id: string;
  readonly kind: HoldKind;
  readonly title: string;
  readonly about: Readonly<Record<string, string>>;
  /** Where these values pass from then on when they are approved */
  readonly covers: string;
  readonly findings: readonly { readonly detector: string; readonly place: string; readonly excerpt: string }[];
  /** ISO 8601 */
  readonly askedAt: string;
  /** When it is refused if nobody answers, ISO 8601 */
  readonly until: string;
};

/** A person's answer. */
export type Answer = { readonly kind: "approve" } | { readonly kind: "reject"; readonly reason: string | undefined };

/** What a queue is made from. */
export type QueueParts = {
  readonly attended: boolean;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Time for an answer, `ms` */
  readonly waitMs: number;
  /** Takes events; must not throw */
  readonly journal: (event: JournalEvent) => void;
};

/** Everything that waits for a person in one bottle. */
export type HoldQueue = Supervisor & {
  /** What waits, oldest first. */
  waiting(): readonly Hold[];
  /** Answers a question; false when none of this name waits. `by` says who did, for the journal. */
  answer(id: string, answer: Answer, by: string): boolean;
  /** Lets go of everything that waits; nothing is asked any more. */
  close(): void;
};

/** More than a person can look at */
const MOST_WAITING = 32;
const MOST_FINDINGS = 20;
const MOST_APPROVED = 1_000;
const LONGEST_TEXT = 300;
const LONGEST_REASON = 500;
const RATE = { burst: 50, perSecond: 1 };

type Waiting = { readonly hold: Hold; readonly keys: readonly string[]; end(end: HoldEnd, decision: Decision): void };

/** A queue of bounded length; approvals last as long as it does, by digest and in memory only. */
export function makeHoldQueue({ attended, clock, ids, waitMs, journal }: QueueParts): HoldQueue {
  const waiting = new Map<string, Waiting>();
  const approved = new Set<string>();
  const bucket = makeTokenBucket(RATE, clock);
  let closed = false;

  const wait = (question: Question, keys: readonly string[], signal: AbortSignal): Promise<Decision> => {
    const hold = makeHold(question, freeId(ids, waiting), clock.now(), waitMs);
    const started = performance.now();
    journal({ kind: "hold-asked", id: hold.id, about: hold.kind, title: hold.title, detectors: detectorsOf(hold) });
    return new Promise((resolve) => {
      const end = (how: HoldEnd, decision: Decision) => {
        if (!waiting.delete(hold.id)) return;
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        journal({ kind: "hold-ended", id: hold.id, ...how, ms: Math.round(performance.now() - started) });
        resolve(decision);
      };
      const onAbort = () => end({ outcome: "withdrawn" }, { kind: "withdrawn" });
      const timer = setTimeout(() => end({ outcome: "timed-out" }, { kind: "timed-out", afterMs: waitMs }), waitMs);
      waiting.set(hold.id, { hold, keys, end });
      signal.addEventListener("abort", onAbort);
    });
  };
  /** Everything whose values are approved by now need not wait any more. */
  const releaseApproved = (by: string) => {
    for (const { keys, end } of [...waiting.values()]) {
      if (keys.every((key) => approved.has(key))) end({ outcome: "approved", by }, { kind: "approved" });
    }
  };
  return {
    attended,
    isApproved: (scope, digest) => approved.has(makeKey(scope, digest)),
    ask: async (question, signal) => {
      const keys = question.findings.map(({ digest }) => makeKey(question.scope, digest));
      if (keys.length > 0 && keys.every((key) => approved.has(key))) return { kind: "approved" };
      if (signal.aborted || closed) return { kind: "withdrawn" };
      if (waiting.size >= MOST_WAITING || keys.length > MOST_FINDINGS || !bucket.take()) return { kind: "not-asked" };
      return wait(question, keys, signal);
    },
    waiting: () => [...waiting.values()].map(({ hold }) => hold),
    answer: (id, answer, by) => {
      const found = waiting.get(id);
      if (found === undefined) return false;
      const who = clean(by, LONGEST_TEXT);
      if (answer.kind === "reject") {
        const reason = answer.reason === undefined ? undefined : clean(answer.reason, LONGEST_REASON);
        found.end({ outcome: "rejected", by: who, reason }, { kind: "rejected", reason });
        return true;
      }
      if (approved.size + found.keys.length <= MOST_APPROVED) for (const key of found.keys) approved.add(key);
      found.end({ outcome: "approved", by: who }, { kind: "approved" });
      releaseApproved(who);
      return true;
    },
    close: () => {
      closed = true;
      for (const { end } of [...waiting.values()]) end({ outcome: "withdrawn" }, { kind: "withdrawn" });
    },
  };
}

function makeHold(question: Question, id: string, now: Date, waitMs: number): Hold {
  const { kind, title, about, covers, findings } = question;
  return {
    ...{ id, kind, title: clean(title, LONGEST_TEXT) },
    about: Object.fromEntries(Object.entries(about).map(([name, text]) => [name, clean(text, LONGEST_TEXT)])),
    covers: clean(covers, LONGEST_TEXT),
    findings: findings.map(({ detector, place, excerpt }) => ({
      detector: clean(detector, LONGEST_TEXT),
      place: clean(place, LONGEST_TEXT),
      excerpt: clean(excerpt, LONGEST_TEXT),
    })),
    askedAt: now.toISOString(),
    until: new Date(now.getTime() + waitMs).toISOString(),
  };
}

function detectorsOf({ findings }: Hold): readonly string[] {
  return [...new Set(findings.map(({ detector }) => detector))];
}

/** Short enough to type, and not one that waits. */
function freeId(ids: Ids, taken: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const id = ids.base36(5);
    if (!taken.has(id)) return id;
  }
}

function makeKey(scope: string, digest: string): string {
  return JSON.stringify([scope, digest]);
}

function clean(text: string, longest: number): string {
  const shown = showHarmlessly(text.slice(0, longest + 1));
  return shown.length <= longest ? shown : `${shown.slice(0, longest)}…`;
}
