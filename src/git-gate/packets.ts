/** A piece of git's protocol: what a packet holds, or a mark between them. */
export type Packet = Buffer | "flush" | "delimiter";

/** Most bytes that a packet holds besides its own length; https://git-scm.com/docs/protocol-common */
const MOST_BYTES = 65_516;

/** Most packets of a text that is read here: what takes seconds to read is for a git of its own. */
const MOST_PACKETS = 50_000;

/** A line in git's protocol. */
export function makePacket(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) throw new Error(`${bytes} bytes are too many for a packet`);
  return `${(bytes + 4).toString(16).padStart(4, "0")}${text}`;
}

/** The channels of packets whose first byte says what they hold: the pack, or words that end everything. */
export const BAND = { pack: 1, error: 3 } as const;

/** Most bytes of a pack in one packet. */
export const MOST_PACK_BYTES = MOST_BYTES - 1;

/** The head of a packet whose content, `bytes` long, follows on a channel. */
export function makeBandHead(band: number, bytes: number): Buffer {
  const head = Buffer.from(`${(bytes + 5).toString(16).padStart(4, "0")} `, "latin1");
  head[4] = band;
  return head;
}

/** The packets that a text of the protocol is made of; undefined when it is not whole, too many, or nothing that git writes. */
export function parsePackets(bytes: Buffer): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (packets.length === MOST_PACKETS) return undefined;
    const digits = bytes.toString("latin1", at, at + 4);
    if (!/^[0-9a-f]{4}$/i.test(digits)) return undefined;
    const size = Number.parseInt(digits, 16);
    if (size === 0 || size === 1) packets.push(size === 0 ? "flush" : "delimiter");
    else if (size < 4 || at + size > bytes.length) return undefined;
    else packets.push(bytes.subarray(at + 4, at + size));
    at += Math.max(size, 4);
  }
  return packets;
}
