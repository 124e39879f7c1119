import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Destination } from "../1-accept/destination.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { makeRefusal, type Refusal } from "../refusal.ts";
import { Channel } from "../server/channel.ts";
import { DialFailure, dialTcp, startTls } from "../server/dial.ts";
import { renderAuthority } from "../wire/authority.ts";
import { type CompanyProxy, openProxyTunnel } from "./company-proxy.ts";
import { type AddressNeeds, type Endpoint, findAddresses, findPinned, refusePrivate } from "./find-addresses.ts";
import type { UpstreamPool } from "./upstream-pool.ts";

/** A connection to a destination, ready for a request. */
export type Upstream = {
  readonly kind: "upstream";
  readonly channel: Channel;
  readonly key: string;
  /** Whether it has carried a request before */
  readonly reused: boolean;
  /** Proxy that is asked in absolute form, for requests without TLS */
  readonly through: CompanyProxy | undefined;
};

/** What opening connections outwards needs. */
export type UpstreamNeeds = AddressNeeds & {
  readonly pool: UpstreamPool;
  readonly proxy: CompanyProxy | undefined;
  readonly trust: () => SecureContext;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Learns of every new connection, so that all can be closed */
  readonly onOpen: (channel: Channel) => void;
};

/** A kept connection, or a new one to an address that is permitted; with `https` its certificate has been verified. */
export async function openUpstream(
  destination: Destination,
  compiled: CompiledRoute,
  needs: UpstreamNeeds,
  fresh: boolean,
): Promise<Upstream | Refusal> {
  const { to, scheme } = destination;
  const key = `${compiled.index} ${scheme} ${renderAuthority(to, undefined)}`;
  const direct = needs.proxy === undefined || findPinned(to, needs.resolve) !== undefined;
  const through = direct || scheme === "https" ? undefined : needs.proxy;
  const kept = fresh ? undefined : needs.pool.take(key);
  if (kept !== undefined) return { kind: "upstream", channel: kept, key, reused: true, through };
  try {
    const opened = direct
      ? await dialDirect(destination, compiled, needs)
      : await dialThrough(needs.proxy, destination, compiled, needs);
    if ("kind" in opened) return opened;
    const channel = new Channel(await secure(opened.socket, destination, needs), needs.idleTimeoutMs);
    needs.onOpen(channel);
    return { kind: "upstream", channel, key, reused: false, through };
  } catch (error) {
    if (error instanceof DialFailure) return refuseFailure(error, destination);
    throw error;
  }
}

type Opened = { readonly socket: Socket };

async function dialDirect(
  destination: Destination,
  compiled: CompiledRoute,
  needs: UpstreamNeeds,
): Promise<Opened | Refusal> {
  const found = await inTime(findAddresses(destination.to, compiled, needs), needs.connectTimeoutMs);
  if (found.kind === "refuse") return found;
  return { socket: await dialFirst(found.list, needs.connectTimeoutMs) };
}

/** The system's resolver has a patience of its own, and no way to be told to stop. */
function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DialFailure("timeout", "resolver")), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The first address that answers; all of them have been checked. */
async function dialFirst(endpoints: readonly Endpoint[], timeoutMs: number): Promise<Socket> {
  let failure = new DialFailure("unreachable", "no address");
  const deadline = performance.now() + timeoutMs;
  for (const { address, port } of endpoints) {
    const left = deadline - performance.now();
    if (left <= 0) break;
    try {
      return await dialTcp(address, port, left);
    } catch (error) {
      if (!(error instanceof DialFailure)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Names are the company proxy's to resolve; what can be checked here is an address written as a name. */
async function dialThrough(
  proxy: CompanyProxy | undefined,
  destination: Destination,
  compiled: CompiledRoute,
  needs: UpstreamNeeds,
): Promise<Opened | Refusal> {
  const { host } = destination.to;
  if (proxy === undefined) throw new DialFailure("unreachable", "no proxy");
  if (host.kind !== "name") {
    const kind = needs.classify(host.text);
    if (kind === "never" || (kind === "private" && !compiled.route.allowPrivate))
      return refusePrivate(compiled, host.text);
  }
  const socket = await dialTcp(proxy.host, proxy.port, needs.connectTimeoutMs);
  if (destination.scheme === "http") return { socket };
  return { socket: await openProxyTunnel(socket, proxy, destination.to, needs.connectTimeoutMs) };
}

async function secure(socket: Socket, destination: Destination, needs: UpstreamNeeds): Promise<Socket> {
  if (destination.scheme === "http") return socket;
  return startTls(socket, { host: destination.to.host, trust: needs.trust() }, needs.connectTimeoutMs);
}

function refuseFailure(failure: DialFailure, destination: Destination): Refusal {
  const name = renderAuthority(destination.to, undefined);
  switch (failure.kind) {
    case "unreachable": {
      const message = `${name} cannot be reached (${failure.detail})`;
      return makeRefusal("egress/upstream-unreachable", "connect", message, "try again later");
    }
    case "timeout":
      return makeRefusal("egress/upstream-timeout", "connect", `${name} does not answer`, "try again later");
    case "untrusted": {
      const message = `the certificate of ${name} cannot be trusted (${failure.detail})`;
      const hint = "nothing was sent; the operator can trust another authority with `extra_ca` in config.yaml";
      return makeRefusal("egress/upstream-untrusted", "TLS", message, hint);
    }
  }
}
