import { Malformed } from "../wire/malformed.ts";
import type { Channel } from "./channel.ts";
import { PeerGone } from "./peer-gone.ts";

const END = "\r\n\r\n";

/** Limits for reading one head. */
export type HeadLimits = {
  /** Time for the first byte, `ms` */
  readonly firstByteMs: number;
  /** Time from the first byte to the last, `ms` */
  readonly headMs: number;
  readonly maxBytes: number;
};

/**
 * The text of the next head without its empty line, or undefined when the peer ended before it began one. Throws
 * `Malformed` for heads that are too long, cut off or use bare line feeds, `PeerGone` for ones that come too slowly.
 */
export async function readHead(channel: Channel, limits: HeadLimits): Promise<string | undefined> {
  let bytes = await channel.read(limits.firstByteMs);
  if (bytes === undefined) return undefined;
  let end = bytes.indexOf(END);
  const deadline = end === -1 ? performance.now() + limits.headMs : 0;
  while (end === -1) {
    if (bytes.length > limits.maxBytes) throw new Malformed("a head that is too long");
    refuseBareLineFeed(bytes);
    const left = deadline - performance.now();
    if (left <= 0) throw new PeerGone("silent");
    const more = await channel.read(left);
    if (more === undefined) throw new Malformed("a head that is cut off");
    const from = Math.max(0, bytes.length - END.length);
    bytes = Buffer.concat([bytes, more]);
    end = bytes.indexOf(END, from);
  }
  if (end > limits.maxBytes) throw new Malformed("a head that is too long");
  channel.unread(bytes.subarray(end + END.length));
  return bytes.toString("latin1", 0, end);
}

/** Without this a head made of bare line feeds would only run into its time limit. */
function refuseBareLineFeed(bytes: Buffer): void {
  const at = bytes.indexOf("\n");
  if (at !== -1 && bytes[at - 1] !== 0x0d) throw new Malformed("a line that ends in a bare LF");
}
