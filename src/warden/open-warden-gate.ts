import type { Clock } from "../base/clock.ts";
import type { Holder } from "../base/holder.ts";
import type { Scope } from "../base/scope.ts";
import type { Gate } from "../git-gate/open-gate.ts";
import type { GatePolicy } from "../git-gate/policy.ts";
import type { JournalEvent } from "../journal/event.ts";
import { makeRedact } from "../journal/redact.ts";
import type { Supervisor } from "../supervise/hold.ts";
import { askAboutPushes } from "./ask-about-push.ts";
import { knownValuesOf } from "./known-values-of.ts";
import { makePushScan } from "./push-scan.ts";
import { secretsOf, type WardenSpec } from "./spec.ts";

/** What a warden gives its git gate. */
export type WardenGateParts = {
  readonly spec: Pick<WardenSpec, "egress" | "git" | "hidden">;
  readonly policy: GatePolicy;
  readonly supervisor: Supervisor;
  readonly journal: (event: JournalEvent) => void;
  readonly clock: Clock;
  readonly holder: Holder;
  readonly onBug: (error: unknown) => void;
};

/** Makes the git gate of a bottle that has remotes; one without never loads it. */
export async function openWardenGate({ spec, supervisor, ...parts }: WardenGateParts, scope: Scope): Promise<Gate> {
  const { openGate } = await import("../git-gate/open-gate.ts");
  const scan = makePushScan(knownValuesOf(spec));
  return openGate({ ...parts, scan, redact: makeRedact(secretsOf(spec)), ask: askAboutPushes(supervisor) }, scope);
}
