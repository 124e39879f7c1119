import { valuesOf } from "../wire/fields.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import type { Upstream } from "./open-upstream.ts";
import type { UpstreamPool } from "./upstream-pool.ts";

const POOLED_MS = 30_000;

/** Keeps a connection for the next request, if its server does so too; its last response must have been read to its end. */
export function keepUpstream(pool: UpstreamPool, { key, channel }: Upstream, response: ResponseHead): void {
  if (response.keepAlive && response.framing.kind !== "until-close") pool.put(key, channel, pooledMs(response));
  else channel.destroy();
}

/** A little less than the server says it waits, so that a request never meets a closing door. */
function pooledMs(response: ResponseHead): number {
  const timeout = /timeout=([0-9]{1,5})/.exec(valuesOf(response.fields, "keep-alive").join(","))?.[1];
  return timeout === undefined ? POOLED_MS : Math.min(POOLED_MS, Math.max(0, Number(timeout) * 1000 - 1000));
}
