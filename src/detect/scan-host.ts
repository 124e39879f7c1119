import { fromBase32 } from "./base32.ts";
import { entropyOf } from "./entropy.ts";
import { type Finding, maskSecret } from "./finding.ts";

/** Labels that repeat one length are pieces of something that was cut */
const LEAST_PIECES = 3;
const SHORTEST_PIECE = 6;
/** Characters in all: names of hosts are for people, or generated once */
const LONGEST = 100;
const SHORTEST_HEX = 12;
const SHORTEST_BASE = 16;
const SHORTEST_RANDOM = 14;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * What the freely chosen labels of a host name carry instead of naming a host: encoded text, something cut into pieces of one
 * length, or more than a name needs. `strict` adds labels that look drawn at random, as those of some services are.
 */
export function scanHostLabels(labels: readonly string[], strict: boolean): Finding | undefined {
  const text = labels.join(".");
  const make = (encoding: string, what: string): Finding => ({
    ...{ rule: "data-in-host", provider: "any", encodings: [encoding], offset: 0, length: text.length },
    ...{ excerpt: maskSecret(what), example: false, digest: "" },
  });
  for (const label of labels) {
    const encoding = encodingOf(label);
    if (encoding !== undefined) return make(encoding, label);
    if (strict && isRandom(label)) return make("random", label);
  }
  if (hasPieces(labels)) return make("pieces", text);
  return text.length > LONGEST ? make("length", text) : undefined;
}

function encodingOf(label: string): string | undefined {
  if (label.length >= SHORTEST_HEX && label.length % 2 === 0 && /^[0-9a-f]+$/i.test(label)) {
    if (isText(Buffer.from(label, "hex"))) return "hex";
  }
  if (label.length < SHORTEST_BASE) return undefined;
  if (/^[a-z2-7]+$/i.test(label) && isText(fromBase32(label.toUpperCase()))) return "base32";
  return /^[0-9a-z_-]+$/i.test(label) && isText(Buffer.from(label, "base64url")) ? "base64" : undefined;
}

/** All of it printable; a few letters come out so by chance, as many as these do not. */
function isText(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function isRandom(label: string): boolean {
  if (UUID.test(label)) return false;
  return label.split("-").some((run) => {
    const changes = run.match(/[a-z](?=[0-9])|[0-9](?=[a-z])/gi)?.length ?? 0;
    return run.length >= SHORTEST_RANDOM && changes >= 3 && entropyOf(run) >= 2.8;
  });
}

function hasPieces(labels: readonly string[]): boolean {
  let run = 1;
  for (const [at, label] of labels.entries()) {
    run = at > 0 && label.length === labels[at - 1]?.length && label.length >= SHORTEST_PIECE ? run + 1 : 1;
    if (run >= LEAST_PIECES) return true;
  }
  return false;
}
