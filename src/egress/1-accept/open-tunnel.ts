import { Channel } from "../server/channel.ts";
import { endTls } from "../server/end-tls.ts";
import type { LeafContexts } from "../server/leaf-contexts.ts";
import type { Authority } from "../wire/authority.ts";
import { parseHost } from "../wire/host.ts";
import { Malformed } from "../wire/malformed.ts";
import type { Arrival } from "./destination.ts";

const ESTABLISHED = Buffer.from("HTTP/1.1 200 Connection Established\r\n\r\n");
const TLS_HANDSHAKE = 0x16;
const LOOKS_LIKE_REQUEST = /^[A-Z]{1,16}(?: |$)/;

/** The inside of a tunnel: a connection on which requests arrive as if at their destination. */
export type Tunnel = { readonly channel: Channel; readonly arrival: Arrival };

/** What answering a CONNECT needs. */
export type TunnelNeeds = {
  readonly leaves: LeafContexts;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
};

/**
 * Answers a CONNECT and becomes the far end of the tunnel, whether its destination is allowed or not: a refusal inside
 * is one that clients show. Nothing is contacted. `too-many-hosts` when no certificate may be made now; undefined when
 * the client went away or spoke no TLS that can be understood.
 */
export async function openTunnel(
  outer: Channel,
  to: Authority,
  needs: TunnelNeeds,
): Promise<Tunnel | "too-many-hosts" | "not-tls" | undefined> {
  const early = outer.tryRead();
  if (early !== undefined) outer.unread(early);
  if (early !== undefined && early[0] !== TLS_HANDSHAKE) return "not-tls";
  const context = await needs.leaves.contextFor(to.host);
  if (context === undefined) return "too-many-hosts";
  await outer.write(ESTABLISHED);
  const first = await outer.read(needs.headTimeoutMs);
  if (first === undefined) return undefined;
  outer.unread(first);
  if (first[0] !== TLS_HANDSHAKE) {
    if (!LOOKS_LIKE_REQUEST.test(first.toString("latin1", 0, 17))) return "not-tls";
    return { channel: outer, arrival: { kind: "tunnel", to, secure: false, serverName: undefined } };
  }
  const ended = await endTls(outer.release(), {
    context,
    contextFor: (name) => contextForName(needs.leaves, name),
    handshakeMs: needs.headTimeoutMs,
  });
  if (ended === undefined) return undefined;
  const { socket, serverName } = ended;
  return {
    channel: new Channel(socket, needs.idleTimeoutMs),
    arrival: { kind: "tunnel", to, secure: true, serverName },
  };
}

/** A name of the handshake is as hostile as everything else the client sends. */
async function contextForName(leaves: LeafContexts, name: string) {
  try {
    return await leaves.contextFor(parseHost(name));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
