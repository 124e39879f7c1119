import type { Socket } from "node:net";
import { SecretValue } from "../../base/secret-value.ts";
import { Channel } from "../server/channel.ts";
import { DialFailure } from "../server/dial.ts";
import { readHead } from "../server/read-head.ts";
import { type Authority, renderAuthority } from "../wire/authority.ts";
import { type Field, makeField } from "../wire/fields.ts";
import { Malformed } from "../wire/malformed.ts";
import { renderHead } from "../wire/render-head.ts";
import { parseResponseHead } from "../wire/response-head.ts";

/** A proxy of the operator's network through which everything leaves. */
export type CompanyProxy = {
  readonly host: string;
  readonly port: number;
  readonly authorization: SecretValue | undefined;
};

/** The proxy of a written address. Throws for anything but `http://[user:password@]host[:port]`. */
export function parseCompanyProxy(text: string): CompanyProxy {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:") throw new Error("the upstream proxy must be written as http://host:port");
  const user = decodeURIComponent(url.username);
  const credentials = Buffer.from(`${user}:${decodeURIComponent(url.password)}`).toString("base64");
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 80 : Number(url.port),
    authorization: user === "" ? undefined : new SecretValue("upstream proxy", `Basic ${credentials}`),
  };
}

/** The field that the proxy asks for, if it asks for one. */
export function proxyAuthorization(proxy: CompanyProxy): readonly Field[] {
  const { authorization } = proxy;
  if (authorization === undefined) return [];
  return [makeField("Proxy-Authorization", authorization.expose("header of a request to the company proxy"))];
}

/** Asks the proxy for a tunnel to a host by its name. Throws `DialFailure`. */
export async function openProxyTunnel(
  socket: Socket,
  proxy: CompanyProxy,
  to: Authority,
  waitMs: number,
): Promise<Socket> {
  const channel = new Channel(socket, waitMs);
  const target = renderAuthority(to, undefined);
  try {
    await channel.write(
      renderHead(`CONNECT ${target} HTTP/1.1`, [makeField("Host", target), ...proxyAuthorization(proxy)]),
    );
    const text = await readHead(channel, { firstByteMs: waitMs, headMs: waitMs, maxBytes: 65_536 });
    const status = text === undefined ? 0 : parseResponseHead(text, true).status;
    if (status !== 200) throw new DialFailure("unreachable", `the company proxy answered ${status}`);
    return channel.release();
  } catch (error) {
    channel.destroy();
    if (error instanceof DialFailure) throw error;
    throw new DialFailure(
      "unreachable",
      error instanceof Malformed ? "the company proxy spoke no HTTP" : "proxy closed",
    );
  }
}
