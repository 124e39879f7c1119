import type { Framing } from "../wire/framing.ts";
import type { Channel } from "./channel.ts";

const CRLF = Buffer.from("\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** A piece of a body as it is written under a framing. */
export function framePiece(framing: Framing, piece: Buffer): readonly Buffer[] {
  if (framing.kind !== "chunked") return [piece];
  return piece.length === 0 ? [] : [Buffer.from(`${piece.length.toString(16)}\r\n`, "latin1"), piece, CRLF];
}

/** Writes what ends a body under a framing. */
export async function endBody(channel: Channel, framing: Framing): Promise<void> {
  if (framing.kind === "chunked") await channel.write(LAST_CHUNK);
}
