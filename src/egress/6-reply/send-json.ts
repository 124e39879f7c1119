import type { Channel } from "../server/channel.ts";
import { makeField } from "../wire/fields.ts";
import { renderHead } from "../wire/render-head.ts";

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  421: "Misdirected Request",
  429: "Too Many Requests",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Writes a whole JSON answer of our own; `toHead` leaves the body out. Throws `PeerGone`. */
export async function sendJson(
  client: Channel,
  status: number,
  value: unknown,
  options: { readonly keepAlive: boolean; readonly toHead: boolean },
): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  const head = renderHead(`HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}`, [
    makeField("Content-Type", "application/json; charset=utf-8"),
    makeField("Content-Length", String(body.length)),
    makeField("Cache-Control", "no-store"),
    ...(options.keepAlive ? [] : [makeField("Connection", "close")]),
  ]);
  await client.writeAll(options.toHead ? [head] : [head, body]);
}
