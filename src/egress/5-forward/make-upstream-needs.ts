import type { EgressPolicy } from "../policy.ts";
import type { Channel } from "../server/channel.ts";
import { type Lookup, systemLookup } from "../server/lookup.ts";
import type { UpstreamTrust } from "../server/upstream-trust.ts";
import { makeAddressClassifier } from "./address-class.ts";
import { parseCompanyProxy } from "./company-proxy.ts";
import type { UpstreamNeeds } from "./open-upstream.ts";
import { makeUpstreamPool } from "./upstream-pool.ts";

/** What a policy's connections outwards need; the machine's resolver and no connections to begin with, unless told. */
export function makeUpstreamNeeds(
  policy: EgressPolicy,
  trust: UpstreamTrust,
  onOpen: (channel: Channel) => void,
  lookup: Lookup = systemLookup,
  pool = makeUpstreamPool(),
): UpstreamNeeds {
  return {
    resolve: policy.resolve,
    lookup,
    classify: makeAddressClassifier(),
    pool,
    proxy: policy.upstreamProxy === undefined ? undefined : parseCompanyProxy(policy.upstreamProxy),
    trust,
    connectTimeoutMs: policy.limits.connectTimeoutMs,
    idleTimeoutMs: policy.limits.idleTimeoutMs,
    onOpen,
  };
}
