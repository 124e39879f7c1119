import { createHash } from "node:crypto";
import type { Channel } from "../server/channel.ts";
import { PeerGone } from "../server/peer-gone.ts";
import { type Fields, listOf, valuesOf } from "../wire/fields.ts";
import type { ResponseHead } from "../wire/response-head.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Whether a 101 is the answer that RFC 6455 demands to this very request. */
export function isProperSwitch(request: Fields, response: ResponseHead): boolean {
  const [key, ...more] = valuesOf(request, "sec-websocket-key");
  if (key === undefined || more.length > 0 || response.upgrade !== "websocket") return false;
  const expected = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  const accepts = valuesOf(response.fields, "sec-websocket-accept");
  return accepts.length === 1 && accepts[0] === expected && listOf(response.fields, "connection").includes("upgrade");
}

/**
 * What passes on of what one side sends; throws `PeerGone` when nothing more of it may. `more` tells whether other bytes are
 * already waiting behind them.
 */
export type Through = (bytes: Buffer, more: boolean) => Buffer | Promise<Buffer>;

/** Copies bytes both ways until one side is gone, and gives their numbers. */
export async function pipeBoth(
  client: Channel,
  upstream: Channel,
  outward: Through,
  onward: Through,
): Promise<{ readonly out: number; readonly in: number }> {
  const [out, back] = await Promise.all([copy(client, upstream, outward), copy(upstream, client, onward)]);
  client.destroy();
  upstream.destroy();
  return { out, in: back };
}

async function copy(from: Channel, to: Channel, through: Through): Promise<number> {
  let total = 0;
  try {
    for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) {
      total += bytes.length;
      const changed = await through(bytes, from.buffered > 0);
      const blocked = changed.length === 0 ? undefined : to.write(changed);
      if (blocked !== undefined) await blocked;
    }
    to.endWriting();
  } catch (error) {
    from.destroy();
    to.destroy();
    if (!(error instanceof PeerGone)) throw error;
  }
  return total;
}
