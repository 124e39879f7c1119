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
      const ready = body.tryRead();
      const blocked = upstream.writeAll(ready === undefined ? pending : [...pending, ...framePiece(framing, ready)]);
      if (blocked !== undefined) await blocked;
      const piece = await readPiece(body);
      if (piece.kind === "failed") return { kind: "client-failed", error: piece.error };
      if (piece.bytes === undefined) break;
      pending = framePiece(framing, piece.bytes);
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

async function readPiece(body: Body): Promise<Piece> {
  try {
    return { kind: "read", bytes: body.done ? undefined : await body.read() };
  } catch (error) {
    return { kind: "failed", error };
  }
}
