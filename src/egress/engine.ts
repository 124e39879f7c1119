import type { Supervisor } from "../supervise/hold.ts";
import type { CompiledPolicy, CompiledRoute } from "./2-route/compiled-policy.ts";
import type { Screener } from "./3-screen/screener.ts";
import type { UpstreamNeeds } from "./5-forward/open-upstream.ts";
import type { Needles } from "./6-reply/echo-mask.ts";
import type { EgressJournal } from "./egress-journal.ts";
import type { KnownHeads } from "./known-heads.ts";
import type { EgressPolicy } from "./policy.ts";
import type { SendLimits } from "./send-limits.ts";
import type { LeafContexts } from "./server/leaf-contexts.ts";

/** Everything that serving one bottle's requests needs, put together once. */
export type Engine = {
  readonly policy: EgressPolicy;
  readonly compiled: CompiledPolicy;
  /** What each route's answers must not hold */
  readonly echoes: ReadonlyMap<CompiledRoute, Needles>;
  readonly screener: Screener;
  readonly supervisor: Supervisor;
  readonly limits: SendLimits;
  readonly leaves: LeafContexts;
  readonly upstream: UpstreamNeeds;
  readonly knownHeads: KnownHeads;
  readonly journal: EgressJournal;
  readonly counters: Counters;
};

/** Numbers that only grow. */
type Counters = { requests: number; refusals: number; readonly tokens: { input: number; output: number } };
