import { findDestination } from "./1-accept/destination.ts";
import type { CompiledPolicy } from "./2-route/compiled-policy.ts";
import { keepUpstream } from "./5-forward/keep-upstream.ts";
import { openUpstream, type Upstream, type UpstreamNeeds } from "./5-forward/open-upstream.ts";
import { renderOutgoingHead } from "./5-forward/outgoing-head.ts";
import { receiveResponse } from "./5-forward/receive-response.ts";
import type { UpstreamPool } from "./5-forward/upstream-pool.ts";
import { openBody } from "./server/body.ts";
import { PeerGone } from "./server/peer-gone.ts";
import { parseAuthority } from "./wire/authority.ts";
import { Malformed } from "./wire/malformed.ts";
import { parseRequestHead } from "./wire/request-head.ts";
import type { ResponseHead } from "./wire/response-head.ts";

/** A request that tries the credential of a route, made here and not by anything inside. */
export type CredentialProbe = {
  readonly host: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
};

/** What a server said to a credential, or why it could not be asked. */
export type ProbeResult =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "unanswered"; readonly why: string };

const MAX_HEAD_BYTES = 64 * 1024;
/** Longer answers cost more than another connection */
const READ_BYTES = 64 * 1024;

/**
 * Sends a probe the way that every request of its route goes, and leaves its connection to the first of them when the answer
 * is short. Throws for faults of ours only.
 */
export async function probeCredential(
  probe: CredentialProbe,
  compiled: CompiledPolicy,
  needs: UpstreamNeeds,
  timeoutMs: number,
): Promise<ProbeResult> {
  const body = Buffer.from(probe.body);
  const lines = [
    `${probe.method} ${probe.path} HTTP/1.1`,
    `Host: ${probe.host}`,
    ...probe.headers.map(({ name, value }) => `${name}: ${value}`),
    ...(body.length === 0 ? [] : [`Content-Length: ${body.length}`]),
  ];
  const head = parseRequestHead(lines.join("\r\n"));
  const to = parseAuthority(probe.host, 443);
  const destination = findDestination(head, { kind: "tunnel", to, secure: true, serverName: probe.host });
  const route = compiled.routesFor(probe.host)[0];
  if (destination.kind === "refuse" || route === undefined) throw new Error(`no route for the probe of ${probe.host}`);
  const upstream = await openUpstream(destination, route, needs, true);
  if (upstream.kind === "refuse") return { kind: "unanswered", why: upstream.message };
  const { channel, through } = upstream;
  try {
    await channel.writeAll([
      renderOutgoingHead({ head, destination, compiled: route, fields: head.fields }, through),
      body,
    ]);
    const limits = { firstByteMs: timeoutMs, headMs: timeoutMs, maxBytes: MAX_HEAD_BYTES };
    const response = await receiveResponse(channel, false, limits, () => {});
    void keepWhenRead(upstream, response, needs.pool, timeoutMs);
    return { kind: "answered", status: response.status };
  } catch (error) {
    channel.destroy();
    if (error instanceof PeerGone) return { kind: "unanswered", why: `${probe.host} did not answer` };
    if (error instanceof Malformed) return { kind: "unanswered", why: `${probe.host} gave no usable answer` };
    throw error;
  }
}

/** Nobody waits for the rest of the answer: a server that says it letter by letter does not hold the connection open. */
async function keepWhenRead(
  upstream: Upstream,
  response: ResponseHead,
  pool: UpstreamPool,
  withinMs: number,
): Promise<void> {
  const { channel } = upstream;
  const timer = setTimeout(() => channel.destroy(), withinMs).unref();
  try {
    const body = openBody(channel, response.framing);
    for (let read = 0; !body.done && read <= READ_BYTES; ) read += (await body.read())?.length ?? 0;
    if (body.done) return keepUpstream(pool, upstream, response);
  } catch {
    // it is not needed
  } finally {
    clearTimeout(timer);
  }
  channel.destroy();
}
