import { type Host, parseHost, renderHost } from "./host.ts";
import { Malformed } from "./malformed.ts";

/** Who a request is for. */
export type Authority = { readonly host: Host; readonly port: number };

const PORT = /^[1-9][0-9]{0,4}$/;

/** `host[:port]` as an authority. Throws `Malformed` for user information, odd ports and odd hosts. */
export function parseAuthority(text: string, defaultPort: number | undefined): Authority {
  if (text.includes("@")) throw new Malformed("user name or password in front of the host");
  const colon = text.startsWith("[") ? text.indexOf(":", text.indexOf("]")) : text.indexOf(":");
  const host = parseHost(colon === -1 ? text : text.slice(0, colon));
  if (colon === -1) {
    if (defaultPort === undefined) throw new Malformed("no port");
    return { host, port: defaultPort };
  }
  const digits = text.slice(colon + 1);
  const port = Number(digits);
  if (!PORT.test(digits) || port > 65_535) throw new Malformed("not a plain port number");
  return { host, port };
}

/** Whether two authorities name the same host and port. */
export function sameAuthority(a: Authority, b: Authority): boolean {
  return a.port === b.port && a.host.text === b.host.text && a.host.kind === b.host.kind;
}

/** The authority as it is written in a Host header; the scheme's own port is left out. */
export function renderAuthority(authority: Authority, defaultPort: number | undefined): string {
  const host = renderHost(authority.host);
  return authority.port === defaultPort ? host : `${host}:${authority.port}`;
}
