import type { Clock } from "../base/clock.ts";
import type { CompiledRoute } from "./2-route/compiled-policy.ts";
import { type MinuteCount, makeMinuteCount } from "./minute-count.ts";
import type { EgressPolicy } from "./policy.ts";
import { makeRefusal, type Refusal } from "./refusal.ts";
import type { RequestHead } from "./wire/request-head.ts";

/** Holds a bottle to what its manifest says about how much may be sent. */
export type SendLimits = {
  /** Counts a request before it goes on; what its head says about its body counts too, so that none begins in vain. */
  admit(compiled: CompiledRoute, head: RequestHead): Refusal | undefined;
  /** Counts bytes of a body or of websocket messages as they come; `before` is what came of the same body already. */
  count(compiled: CompiledRoute, bytes: number, before: number): Refusal | undefined;
  /** Whether anything is counted on this route. */
  isLimited(compiled: CompiledRoute): boolean;
};

type Counts = { readonly requests: MinuteCount | undefined; readonly bytes: MinuteCount | undefined };

/** Limits of one bottle, with their counts in memory. */
export function makeSendLimits({ limits }: Pick<EgressPolicy, "limits">, clock: Clock): SendLimits {
  const { maxBodyBytes } = limits;
  const counts = new Map<CompiledRoute, Counts>();
  const countsOf = (compiled: CompiledRoute): Counts => {
    const known = counts.get(compiled);
    if (known !== undefined) return known;
    const { requestsPerMinute, bytesPerMinute } = compiled.route.limits;
    const made = {
      requests: requestsPerMinute === undefined ? undefined : makeMinuteCount(requestsPerMinute, clock),
      bytes: bytesPerMinute === undefined ? undefined : makeMinuteCount(bytesPerMinute, clock),
    };
    counts.set(compiled, made);
    return made;
  };
  const isLimited = ({ route }: CompiledRoute) =>
    maxBodyBytes !== undefined ||
    route.limits.requestsPerMinute !== undefined ||
    route.limits.bytesPerMinute !== undefined;
  return {
    isLimited,
    admit: (compiled, head) => {
      if (!isLimited(compiled)) return undefined;
      const { requests, bytes } = countsOf(compiled);
      const declared = head.framing.kind === "length" ? head.framing.bytes : 0;
      const ofHead = headBytes(head);
      if (maxBodyBytes !== undefined && declared > maxBodyBytes) return refuseLarge(maxBodyBytes);
      if (requests?.add(1) === false) return refuseFast(compiled, "requests_per_minute");
      if (bytes === undefined) return undefined;
      if (ofHead + declared > bytes.left() || !bytes.add(ofHead)) return refuseFast(compiled, "bytes_per_minute");
      return undefined;
    },
    count: (compiled, length, before) => {
      if (maxBodyBytes !== undefined && before + length > maxBodyBytes) return refuseLarge(maxBodyBytes);
      return countsOf(compiled).bytes?.add(length) === false ? refuseFast(compiled, "bytes_per_minute") : undefined;
    },
  };
}

/** Bytes of a head that its sender chose. */
function headBytes({ method, target, fields }: RequestHead): number {
  const line = target.kind === "connect" ? "" : `${target.path}?${target.query ?? ""}`;
  return method.length + line.length + fields.reduce((sum, { name, value }) => sum + name.length + value.length + 4, 0);
}

function refuseFast({ route }: CompiledRoute, key: "requests_per_minute" | "bytes_per_minute"): Refusal {
  const most = key === "requests_per_minute" ? route.limits.requestsPerMinute : route.limits.bytesPerMinute;
  const what = key === "requests_per_minute" ? "requests" : "bytes sent";
  const message = `${route.host} is limited to ${most} ${what} a minute`;
  return makeRefusal("egress/over-limit", `${route.host}: limits.${key}`, message, "wait a minute, then send less");
}

function refuseLarge(most: number): Refusal {
  const message = `the body is larger than the ${most} bytes that this bottle may send at once`;
  return makeRefusal("egress/body-too-large", "limits.max_body_bytes", message, "send less, or ask the operator");
}
