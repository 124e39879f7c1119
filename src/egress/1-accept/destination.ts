import { makeRefusal, type Refusal } from "../refusal.ts";
import { type Authority, parseAuthority, renderAuthority, sameAuthority } from "../wire/authority.ts";
import { Malformed } from "../wire/malformed.ts";
import type { RequestHead } from "../wire/request-head.ts";

/** What a connection has already said about where its requests go. */
export type Arrival =
  | { readonly kind: "proxy" }
  | {
      readonly kind: "tunnel";
      readonly to: Authority;
      readonly secure: boolean;
      /** Name of the TLS handshake, if it had one */
      readonly serverName: string | undefined;
    };

/** Where one request goes. */
export type Destination = {
  readonly kind: "destination";
  readonly scheme: "http" | "https";
  readonly to: Authority;
  readonly path: string;
  readonly query: string | undefined;
};

/** The proxy's own host name inside a bottle. */
export const OWN_NAME = "_egress.local";

const ONE_NAME = "use one host name everywhere: in the URL, the Host header and the TLS handshake";

/** Where a request goes, if everything that names its target agrees. Throws `Malformed` for a Host that is none. */
export function findDestination(head: RequestHead, arrival: Arrival): Destination | Refusal {
  const { target } = head;
  if (target.kind === "connect") {
    const message = "CONNECT inside a tunnel is not allowed";
    return makeRefusal("egress/connect-in-tunnel", "tunnel", message, "open one tunnel per destination");
  }
  const { path, query } = target;
  if (arrival.kind === "proxy") {
    if (target.kind === "absolute") {
      const host = parseAuthority(head.host, 80);
      if (!sameAuthority(host, target.authority)) return refuseMismatch("Host header", target.authority);
      return { kind: "destination", scheme: "http", to: target.authority, path, query };
    }
    return { kind: "destination", scheme: "http", to: parseOwnHost(head.host), path, query };
  }
  if (target.kind === "absolute") throw new Malformed("an absolute URL inside a tunnel");
  const { to, secure, serverName } = arrival;
  const host = parseAuthority(head.host, secure ? 443 : 80);
  if (!sameAuthority(host, to)) return refuseMismatch("Host header", to);
  if (secure && serverName !== (to.host.kind === "name" ? to.host.text : undefined)) {
    return refuseMismatch("TLS server name", to);
  }
  return { kind: "destination", scheme: secure ? "https" : "http", to, path, query };
}

/** A request without any other target speaks to the proxy itself. */
function parseOwnHost(text: string): Authority {
  const host = parseAuthority(text, 80);
  const own = host.host.text === OWN_NAME || host.host.text === "127.0.0.1" || host.host.text === "localhost";
  if (!own) throw new Malformed("a request for another host that does not name it in its first line");
  return { host: { kind: "name", text: OWN_NAME }, port: 80 };
}

function refuseMismatch(what: string, to: Authority): Refusal {
  const name = renderAuthority(to, undefined);
  return makeRefusal("egress/name-mismatch", "one name", `the ${what} does not match ${name}`, ONE_NAME);
}
