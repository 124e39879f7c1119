import type { Slug } from "../base/ids.ts";
import type { SecretValue } from "../base/secret-value.ts";
import type { EgressPolicy } from "../egress/policy.ts";
import type { GatePolicy } from "../git-gate/policy.ts";

/** Everything that one bottle's warden must know, secrets included; it exists in memory and in one message only. */
export type WardenSpec = {
  readonly slug: Slug;
  /** Path of the bottle's journal */
  readonly journal: string;
  /** Path of the socket at which it answers to its operator */
  readonly control: string;
  /** Whether somebody watches the bottle and may be asked */
  readonly attended: boolean;
  readonly egress: EgressPolicy;
  /** The bottle's remotes; undefined when it has none */
  readonly git: GatePolicy | undefined;
  /** Values besides the credentials of routes that the journal must not show */
  readonly hidden: readonly SecretValue[];
};

/** Every secret that a spec holds. */
export function secretsOf(spec: Pick<WardenSpec, "egress" | "git" | "hidden">): readonly SecretValue[] {
  const credentials = spec.egress.routes.flatMap(({ credential }) => credential ?? []);
  const tokens = (spec.git?.repos ?? []).flatMap(({ token }) => token ?? []);
  return [...spec.hidden, ...credentials, ...tokens, ...(spec.git?.upstreamProxy ? [spec.git.upstreamProxy] : [])];
}
