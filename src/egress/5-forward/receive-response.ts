import type { Channel } from "../server/channel.ts";
import { PeerGone } from "../server/peer-gone.ts";
import { type HeadLimits, readHead } from "../server/read-head.ts";
import { Malformed } from "../wire/malformed.ts";
import { parseResponseHead, type ResponseHead } from "../wire/response-head.ts";

const MAX_INTERIM = 16;

/** The final response's head; `onContinue` is called for each `100 Continue` before it. Throws `Malformed` or `PeerGone`. */
export async function receiveResponse(
  upstream: Channel,
  toHead: boolean,
  limits: HeadLimits,
  onContinue: () => void,
): Promise<ResponseHead> {
  for (let interim = 0; interim < MAX_INTERIM; interim++) {
    const text = await readHead(upstream, limits);
    if (text === undefined) throw new PeerGone("closed");
    const head = parseResponseHead(text, toHead);
    if (head.status >= 200 || head.status === 101) return head;
    if (head.status === 100) onContinue();
  }
  throw new Malformed("too many interim responses");
}
