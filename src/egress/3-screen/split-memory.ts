import type { Detector, Finding } from "../../detect/finding.ts";
import { type KnownValue, spellingsOf } from "../../detect/known-values.ts";
import { PatternSet } from "../../detect/pattern-set.ts";
import type { NamedPiece } from "./values.ts";

/** Remembers the small pieces that left, so that a secret cannot leave one piece at a time. */
export type SplitMemory = {
  /**
   * Notes a piece that leaves; what it makes up with those before it under its name, to its host or from this bottle, if that
   * is a secret: then it is not noted.
   */
  add(host: string, piece: NamedPiece): Finding | undefined;
};

const MOST_STREAMS = 1_024;
const LONGEST_PIECE = 512;
/** Characters of a stream that a token may have begun in */
const TOKEN_TAIL = 256;
const SHORTEST = 8;
/** What a sender writes before a part of something: `part 2: …` */
const LABEL = /^[\w .#-]{1,24}[:=]\s*(?=[^\s=])/;
const SOLID = /^[\x21-\x7e]+$/;

type Tail = {
  readonly squeezed: string;
  readonly raw: string;
  readonly last: string;
  /** Whether the last piece once more would change nothing: it filled all that is remembered, and was found to be nothing */
  readonly full: boolean;
};

const NOTHING: Tail = { squeezed: "", raw: "", last: "", full: false };

/** A memory of bounded size; streams that were not used for longest are forgotten first. */
export function makeSplitMemory(values: readonly KnownValue[], tokens: Detector): SplitMemory {
  const wanted = values.flatMap(({ name, value }) =>
    [...new Set(spellingsOf(value).map(squeeze))]
      .filter((form) => form.length >= SHORTEST)
      .map((form) => ({ name, form })),
  );
  const longest = Math.max(1, ...wanted.map(({ form }) => form.length));
  const patterns = new PatternSet(wanted.map(({ form }) => ({ bytes: Buffer.from(form, "latin1"), fold: false })));
  const tails = new Map<string, Tail>();
  const look = (stream: string, piece: string): Finding | undefined => {
    const before = tails.get(stream) ?? NOTHING;
    if (before.full && before.last === piece) {
      tails.delete(stream);
      tails.set(stream, before);
      return undefined;
    }
    const squeezed = before.squeezed + squeeze(piece);
    let known: string | undefined;
    patterns.find(Buffer.from(squeezed, "latin1"), (_, index) => {
      known = wanted[index]?.name;
      return true;
    });
    // pieces for different hosts make up a token by chance
    const found =
      known !== undefined ? knownFinding(known) : stream === "" ? undefined : findToken(tokens, before.raw, piece);
    // the piece that was refused has not left: another one could complete the secret in its place
    if (found !== undefined) return found;
    const raw = SOLID.test(piece) ? (before.raw + piece).slice(-TOKEN_TAIL) : "";
    tails.delete(stream);
    const kept = squeezed.slice(-2 * longest);
    // what is looked at follows from what is remembered and the piece alone
    tails.set(stream, { squeezed: kept, raw, last: piece, full: kept === before.squeezed && raw === before.raw });
    if (tails.size > MOST_STREAMS) tails.delete(tails.keys().next().value ?? "");
    return undefined;
  };
  const lookTwice = (stream: string, piece: string): Finding | undefined => {
    const decoded = wanted.length === 0 ? undefined : decode(piece);
    return (decoded === undefined ? undefined : look(`${stream}\0decoded`, decoded)) ?? look(stream, piece);
  };
  /** Pieces may stand in something that stays: `https://example.com/page/PIECE?x=1`. */
  const lookAtChange = (named: string, before: string, piece: string): Finding | undefined => {
    const begin = sameBeginning(before, piece);
    const end = sameBeginning(reverse(before.slice(begin)), reverse(piece.slice(begin)));
    if (begin + end === 0) return undefined;
    const stream = `${named}\0change`;
    const first = tails.has(stream) ? undefined : look(stream, before.slice(begin, before.length - end));
    return first ?? look(stream, piece.slice(begin, piece.length - end));
  };
  return {
    add: (host, { name, value, ofNames }) => {
      if (value.length > LONGEST_PIECE) return undefined;
      const piece = value.replace(LABEL, "");
      const named = `${host} ${name}`;
      const last = tails.get(named)?.last;
      const isSame = last === piece;
      const found =
        lookTwice(named, piece) ?? (last === undefined || isSame ? undefined : lookAtChange(named, last, piece));
      // what a request says again, such as its path, stands between the pieces of no secret; nor do names between values
      return found ?? (isSame || ofNames === true ? undefined : (lookTwice(host, piece) ?? lookTwice("", piece)));
    },
  };
}

/** Where two texts begin to differ, behind something that ends a word; 0 when they never were the same. */
function sameBeginning(one: string, other: string): number {
  let same = 0;
  for (let at = 0; at < one.length && one[at] === other[at]; at++) {
    if (!/[0-9A-Za-z]/.test(one[at] ?? "")) same = at + 1;
  }
  return same;
}

/** A token that begins in what left and ends in what is about to. */
function findToken(tokens: Detector, before: string, piece: string): Finding | undefined {
  if (before === "" || piece.length > TOKEN_TAIL || !SOLID.test(piece)) return undefined;
  const found = tokens
    .scan(Buffer.from(before + piece, "latin1"))
    .find(
      ({ rule, offset, length }) =>
        !rule.startsWith("named-") && rule !== "url-login" && offset < before.length && offset + length > before.length,
    );
  return found && { ...found, encodings: ["split over requests"] };
}

/** A piece may be encoded by itself, so that the pieces joined are not the encoding of the whole. */
function decode(piece: string): string | undefined {
  if (!/^[0-9A-Za-z+/_-]{4,}={0,2}$/.test(piece)) return undefined;
  const isHex = /^(?:[0-9A-Fa-f]{2})+$/.test(piece);
  const bytes = Buffer.from(piece, isHex ? "hex" : "base64url");
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? bytes.toString("latin1") : undefined;
}

function knownFinding(provider: string): Finding {
  const place = { offset: 0, length: 0, excerpt: `[${provider}]`, example: false, digest: "" };
  return { rule: "known-value", provider, encodings: ["split over requests"], ...place };
}

function reverse(text: string): string {
  return [...text].reverse().join("");
}

function squeeze(text: string): string {
  return text.replace(/[^0-9A-Za-z]/g, "").toLowerCase();
}
