import type { Clock } from "../base/clock.ts";
import { makeTokenBucket } from "../base/token-bucket.ts";
import type { KnownValue } from "../detect/known-values.ts";
import type { EgressTarget, JournalEvent } from "../journal/event.ts";
import type { Destination } from "./1-accept/destination.ts";
import { maskPath } from "./6-reply/masked-path.ts";
import type { TokenUsage } from "./6-reply/usage-meter.ts";
import { KEPT_BYTES, makeLogParts, type Passed } from "./logged-parts.ts";
import type { EgressPolicy } from "./policy.ts";
import type { Refusal } from "./refusal.ts";

/** What egress tells the journal. */
export type EgressJournal = {
  /** Notes a refusal; when there are too many, only their number. */
  refusal(refusal: Refusal, target: Partial<EgressTarget>): void;
  /** Notes that something was taken out of a request before it left. */
  redaction(rule: string, target: EgressTarget): void;
  /** Notes that a reply reads like orders to an agent. */
  injection(signs: string, target: EgressTarget): void;
  /** Notes a request that went out, if the bottle's log level asks for it. */
  request(
    target: EgressTarget,
    result: {
      readonly status: number;
      readonly ms: number;
      readonly out: number;
      readonly in: number;
      readonly cut?: true;
      readonly tokens?: TokenUsage;
    },
    parts: { readonly sent: Passed; readonly received: Passed | undefined },
  ): void;
  /** Bytes at the beginning of each body that are kept until its request is noted */
  readonly keptBytes: number;
};

const BURST = 50;
const PER_SECOND = 2;
const MOST_OBSERVED = 2_000;

/** Turns what happens into events, at a rate that nobody inside can use to fill the disk. */
export function makeEgressJournal(
  policy: Pick<EgressPolicy, "log" | "observe">,
  write: (event: JournalEvent) => void,
  clock: Clock,
  known: readonly KnownValue[],
): EgressJournal {
  const logParts = makeLogParts(policy.log, known);
  const bucket = makeTokenBucket({ burst: BURST, perSecond: PER_SECOND }, clock);
  const canaries = makeTokenBucket({ burst: BURST, perSecond: PER_SECOND }, clock);
  let unwritten = 0;
  const observed = new Set<string>();
  const isNew = (key: string): boolean => {
    if (policy.observe !== true || observed.size >= MOST_OBSERVED || observed.has(key)) return false;
    observed.add(key);
    return true;
  };
  return {
    refusal: ({ code, rule }, target) => {
      // other refusals must not be able to hide this one
      const taken = code === "egress/canary-in-request" ? canaries.take() : bucket.take();
      if (!isNew(JSON.stringify([code, target])) && !taken) {
        unwritten++;
        return;
      }
      write({ kind: "egress-refusal", code, rule, unwritten, ...target });
      unwritten = 0;
    },
    redaction: (rule, target) => {
      if (bucket.take()) write({ kind: "egress-redaction", rule, ...target });
    },
    injection: (signs, target) => {
      if (bucket.take()) write({ kind: "egress-injection", signs, ...target });
    },
    request: (target, { status, ms, out, in: back, cut, tokens }, parts) => {
      if (policy.log === "refusals") return;
      const bytes = { out, in: back };
      const sent = logParts(parts.sent);
      const received = parts.received && logParts(parts.received);
      write({
        ...{ kind: "egress-request", ...target, status, ms, bytes, ...(cut && { cut }), ...(tokens && { tokens }) },
        ...(sent && { sent }),
        ...(received && { received }),
      });
    },
    keptBytes: policy.log === "bodies" ? KEPT_BYTES : 0,
  };
}

const described = new WeakMap<Destination, EgressTarget>();

/** The destination of a request as an event keeps it. */
export function describeTarget(method: string, destination: Destination): EgressTarget {
  const known = described.get(destination);
  if (known?.method === method) return known;
  const { scheme, to, path } = destination;
  const target = { method, scheme, host: to.host.text, port: to.port, path: maskPath(path) };
  described.set(destination, target);
  return target;
}
