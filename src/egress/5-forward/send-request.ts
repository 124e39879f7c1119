import type { Body } from "../server/body.ts";
import type { Channel } from "../server/channel.ts";
import { endBody, framePiece } from "../server/write-body.ts";
import type { Framing } from "../wire/framing.ts";

/** How sending went, and whose fault it was that it did not. */
export type Sent =
  | { readonly kind: "sent" }
  | { readonly kind: "client-failed"; readonly error: unknown }
  | { readonly kind: "upstream-failed"; readonly error: unknown };

/** Sends a head and streams the body after it, no faster than the server takes it. Never throws. */
export async function sendRequest(upstream: Channel, head: Buffer, framing: Framing, body: Body): Promise<Sent> {
  let pending: readonly Buffer[] = [head];
  try {
    for (;;) {
      const ready = readReady(body);
      if (ready.kind === "failed") return { kind: "client-failed", error: ready.error };
      const more = ready.bytes === undefined ? [] : framePiece(framing, ready.bytes);
      const blocked = upstream.writeAll([...pending, ...more]);
      if (blocked !== undefined) await blocked;
      if (body.done) break;
      const next = await readNext(body);
      if (next.kind === "failed") return { kind: "client-failed", error: next.error };
      if (next.bytes === undefined) break;
      pending = framePiece(framing, next.bytes);
    }
    await endBody(upstream, framing);
    return { kind: "sent" };
  } catch (error) {
    return { kind: "upstream-failed", error };
  }
}

type Piece =
  | { readonly kind: "read"; readonly bytes: Buffer | undefined }
  | { readonly kind: "failed"; readonly error: unknown };

function readReady(body: Body): Piece {
  try {
    return { kind: "read", bytes: body.tryRead() };
  } catch (error) {
    return { kind: "failed", error };
  }
}

async function readNext(body: Body): Promise<Piece> {
  try {
    return { kind: "read", bytes: await body.read() };
  } catch (error) {
    return { kind: "failed", error };
  }
}
