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

/** A whole answer of our own. */
export type OwnAnswer = {
  readonly status: number;
  readonly type: "application/json" | "text/plain";
  readonly text: string;
};

/** Writes an answer of our own; `toHead` leaves the body out. Throws `PeerGone`. */
export async function sendOwn(
  client: Channel,
  answer: OwnAnswer,
  options: { readonly keepAlive: boolean; readonly toHead: boolean },
): Promise<void> {
  const body = Buffer.from(answer.text);
  const head = renderHead(`HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? "Refused"}`, [
    makeField("Content-Type", `${answer.type}; charset=utf-8`),
    makeField("Content-Length", String(body.length)),
    makeField("Cache-Control", "no-store"),
    ...(options.keepAlive ? [] : [makeField("Connection", "close")]),
  ]);
  await client.writeAll(options.toHead ? [head] : [head, body]);
}
