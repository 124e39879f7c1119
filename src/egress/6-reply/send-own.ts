import type { Channel } from "../server/channel.ts";
import { makeField } from "../wire/fields.ts";
import { renderHead } from "../wire/render-head.ts";

/** A whole answer of our own. */
export type OwnAnswer = {
  readonly status: number;
  /** Words after the status, printable ASCII */
  readonly reason: string;
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
  const head = renderHead(`HTTP/1.1 ${answer.status} ${answer.reason}`, [
    makeField("Content-Type", `${answer.type}; charset=utf-8`),
    makeField("Content-Length", String(body.length)),
    makeField("Cache-Control", "no-store"),
    ...(options.keepAlive ? [] : [makeField("Connection", "close")]),
  ]);
  await client.writeAll(options.toHead ? [head] : [head, body]);
}
