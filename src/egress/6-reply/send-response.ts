import type { Body } from "../server/body.ts";
import type { Channel } from "../server/channel.ts";
import { endBody, framePiece } from "../server/write-body.ts";
import { type Field, makeField } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import { withoutHopByHop } from "../wire/hop-by-hop.ts";
import { renderHead } from "../wire/render-head.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import type { EchoMask } from "./echo-mask.ts";
import type { UsageMeter } from "./usage-meter.ts";

/** A response on its way to the client. */
export type Reply = {
  readonly response: ResponseHead;
  readonly body: Body;
  /** How the body is written to the client */
  readonly framing: Framing;
  /** Whether the body was unpacked on the way, so that its old length and encoding no longer hold */
  readonly decoded: boolean;
  readonly keepAlive: boolean;
  readonly mask: EchoMask;
  /** Reads how many tokens the answer took */
  readonly meter: UsageMeter | undefined;
};

const DROPPED: ReadonlySet<string> = new Set(["alt-svc", "proxy-authenticate"]);

/** Streams a response to the client, no faster than it reads, and gives the number of body bytes. Throws `PeerGone` or `Malformed`. */
export async function sendResponse(client: Channel, reply: Reply): Promise<number> {
  const { body, framing, mask } = reply;
  let pending: readonly Buffer[] = [renderReplyHead(reply)];
  let total = 0;
  const take = (piece: Buffer): readonly Buffer[] => {
    const masked = mask.push(piece);
    total += masked.length;
    reply.meter?.push(masked);
    return masked.length === 0 ? [] : framePiece(framing, masked);
  };
  for (;;) {
    const ready = body.tryRead();
    const pieces = ready === undefined ? pending : [...pending, ...take(ready)];
    const blocked = pieces.length === 0 ? undefined : client.writeAll(pieces);
    if (blocked !== undefined) await blocked;
    const piece = body.done ? undefined : await body.read();
    if (piece === undefined) break;
    pending = take(piece);
  }
  const held = mask.flush();
  if (held !== undefined) {
    total += held.length;
    reply.meter?.push(held);
    await client.writeAll(framePiece(framing, held));
  }
  await endBody(client, framing);
  return total;
}

function renderReplyHead(reply: Reply): Buffer {
  const { response, framing, decoded, keepAlive, mask } = reply;
  const fields: Field[] = [];
  for (const field of withoutHopByHop(response.fields)) {
    if (DROPPED.has(field.lower)) continue;
    if (field.lower === "content-length" && (decoded || framing.kind === "chunked" || framing.kind === "until-close"))
      continue;
    if (field.lower === "content-length" && response.status === 204) continue;
    if (field.lower === "content-encoding" && decoded) continue;
    fields.push({ ...field, value: mask.maskText(field.value) });
  }
  if (framing.kind === "chunked") fields.push(makeField("Transfer-Encoding", "chunked"));
  if (!keepAlive) fields.push(makeField("Connection", "close"));
  return renderHead(`HTTP/1.1 ${response.status} ${mask.maskText(response.reason)}`, fields);
}
