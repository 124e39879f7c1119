import type { Finding } from "../../detect/finding.ts";
import type { Destination } from "../1-accept/destination.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { makeRefusal, type Refusal } from "../refusal.ts";
import type { Body } from "../server/body.ts";
import { type Fields, listOf, valuesOf } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { RequestHead } from "../wire/request-head.ts";
import { HeldBody } from "./held-body.ts";
import { policyOf } from "./policy-of.ts";
import { hasPlace, redactBody } from "./redact-body.ts";
import { refuseFinding, refuseFull } from "./refuse-finding.ts";
import type { Screener } from "./screener.ts";
import { type Decide, settle } from "./settle.ts";
import { StreamedBody } from "./streamed-body.ts";
import { unpackBody } from "./unpack-body.ts";
import { bodyPieces, type NamedPiece, namesPiece, queryValues } from "./values.ts";

/** A request that is about to leave. */
export type Leaving = {
  readonly head: RequestHead;
  readonly destination: Destination;
  readonly compiled: CompiledRoute;
  readonly fields: Fields;
};

/** What may leave instead of the request, which is most often the request itself. */
export type Screened = {
  readonly kind: "screened";
  readonly framing: Framing;
  readonly fields: Fields;
  readonly body: Body;
  /** Whether the client was already told to go on */
  readonly continued: boolean;
  readonly redacted: readonly Finding[];
  /** Gives back the memory of a held body */
  release(): void;
};

/** How the client is told to send a body that it keeps until it is asked for. */
export type AskForBody = () => Promise<void>;

const HELD_BODY_BYTES = 8 * 1024 * 1024;
const UNPACKED_BYTES = 32 * 1024 * 1024;

/** Screens a whole request; its body is held, or screened as it streams when it is large. */
export async function screenRequest(
  screener: Screener,
  leaving: Leaving,
  body: Body,
  ask: AskForBody,
  decide: Decide,
): Promise<Screened | Refusal> {
  const ofHead = await screenHead(screener, leaving, decide);
  if (ofHead !== undefined) return ofHead;
  const { head, fields, compiled } = leaving;
  const pass = {
    kind: "screened",
    framing: head.framing,
    fields,
    continued: false,
    redacted: [],
    release: () => {},
  } as const;
  if (head.framing.kind === "none") return { ...pass, body };
  const declared = head.framing.kind === "length" ? head.framing.bytes : 0;
  const encodings = listOf(fields, "content-encoding");
  if (head.expectsContinue) await ask();
  const continued = head.expectsContinue;
  const pieces: Buffer[] = [];
  let held = 0;
  const release = () => {
    screener.held.give(held);
    held = 0;
  };
  try {
    while (!body.done && declared <= HELD_BODY_BYTES) {
      const piece = await body.read();
      if (piece === undefined) break;
      pieces.push(piece);
      if (!screener.held.take(piece.length)) return refuseFull();
      held += piece.length;
      if (held > HELD_BODY_BYTES) break;
    }
    if (declared > HELD_BODY_BYTES || held > HELD_BODY_BYTES) {
      if (encodings.some((encoding) => encoding !== "identity")) return refuseLarge();
      release();
      return { ...pass, continued, body: new StreamedBody(body, pieces, screener, compiled) };
    }
    const result = await screenBody(screener, leaving, Buffer.concat(pieces), encodings, decide);
    if (result.kind === "refuse") return result;
    const kept = held;
    held = 0;
    const { bytes, redacted, unpacked } = result;
    const out = unpacked ? fields.filter(({ lower }) => lower !== "content-encoding") : fields;
    const framing: Framing = { kind: "length", bytes: bytes.length };
    return {
      ...{ kind: "screened", framing, fields: out, body: new HeldBody(bytes), continued, redacted },
      release: () => screener.held.give(kept),
    };
  } finally {
    release();
  }
}

/** Pieces of heads that were found clean, by the very head: nothing of it can have changed, and no value of it was let pass. */
const cleanHeads = new WeakMap<Leaving, readonly NamedPiece[]>();

async function screenHead(screener: Screener, leaving: Leaving, decide: Decide): Promise<Refusal | undefined> {
  const host = leaving.destination.to.host.text;
  const clean = cleanHeads.get(leaving);
  if (clean !== undefined) {
    // clean by itself, but it may be the last piece of something
    const split = await screener.note(host, clean, leaving.compiled);
    return split && refuseFinding(leaving.compiled.route, split, "request line or headers");
  }
  const { head, destination, compiled, fields } = leaving;
  const { path, query } = destination;
  const lines = [
    `${head.method} ${path}`,
    query ?? "",
    host,
    ...host.split("."),
    ...fields.map(({ name, lower, value }) => `${name}: ${lower === "sec-websocket-key" ? readNonce(value) : value}`),
  ];
  const text = Buffer.from(lines.join("\n"), "latin1");
  const refusal = await settle(leaving, () => screener.scan(text, compiled), "request line or headers", decide);
  if (refusal !== undefined) return refusal;
  const target = query === undefined ? path : `${path}?${query}`;
  const odd = screener.scanTarget(head.host.replace(/:[0-9]*$/, ""), target, compiled);
  if (odd !== undefined) return refuseFinding(compiled.route, odd, "host name or URL");
  const ofPath = path.split("/").filter((segment) => segment !== "");
  const pieces: NamedPiece[] = [
    ...ofPath.map((value, index) => ({ name: `/${index}`, value })),
    ...(query === undefined ? [] : queryValues(query)),
  ];
  // the usual fields are no parts of one word with each other, but may be with those of other requests
  const usual = fields.filter(isUsualField).map((field) => [asPiece(field)]);
  const own = fields.filter(isOwnField);
  const names = namesPiece(
    "headers",
    own.map(({ name }) => name.replace(/^x-/i, "")),
  );
  const groups = [pieces, [...own.map(asPiece), ...names], ...usual];
  let joined: Finding | undefined;
  for (const group of groups) joined ??= await screener.join(host, group, compiled);
  if (joined !== undefined) return refuseFinding(compiled.route, joined, "request line or headers");
  if (!screener.hasApproved) cleanHeads.set(leaving, groups.flat());
  return undefined;
}

/** Sixteen bytes that are drawn at random: they are searched as what they are, so that no form of them counts as a secret. */
function readNonce(value: string): string {
  return /^[0-9A-Za-z+/]{22}==$/.test(value) ? Buffer.from(value, "base64").toString("latin1") : value;
}

/** What every client sends; free text all the same, of which a piece could leave with each request */
const USUAL: ReadonlySet<string> = new Set([
  ...["user-agent", "accept", "accept-encoding", "accept-language", "content-type", "cache-control", "pragma"],
  ...["origin", "referer", "te", "dnt"],
]);
/** What is read, checked or written anew here */
const FIXED: ReadonlySet<string> = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "upgrade", "expect", "sec-websocket-key"],
]);

function isUsualField({ lower }: Fields[number]): boolean {
  return !FIXED.has(lower) && (USUAL.has(lower) || lower.startsWith("sec-"));
}

function isOwnField({ lower }: Fields[number]): boolean {
  return !FIXED.has(lower) && !USUAL.has(lower) && !lower.startsWith("sec-");
}

function asPiece({ lower, value }: Fields[number]): NamedPiece {
  return { name: `header ${lower}`, value };
}

type ScreenedBytes = {
  readonly kind: "bytes";
  readonly bytes: Buffer;
  readonly redacted: readonly Finding[];
  readonly unpacked: boolean;
};

async function screenBody(
  screener: Screener,
  leaving: Leaving,
  bytes: Buffer,
  encodings: readonly string[],
  decide: Decide,
): Promise<ScreenedBytes | Refusal> {
  const plain = await unpackBody(bytes, encodings, UNPACKED_BYTES);
  if (plain.kind !== "unpacked") return refuseEncoding(encodings.join(", "));
  // little can unpack to much, and every body that waits to be searched is in memory
  const more = plain.bytes === bytes ? 0 : plain.bytes.length;
  if (!screener.unpacked.take(more)) return refuseFull();
  try {
    const clean = await screenPlain(screener, leaving, plain.bytes, decide);
    if (clean.kind === "refuse") return clean;
    return clean.redacted.length === 0 ? { ...clean, bytes } : { ...clean, unpacked: encodings.length > 0 };
  } finally {
    screener.unpacked.give(more);
  }
}

async function screenPlain(
  screener: Screener,
  leaving: Leaving,
  plain: Buffer,
  decide: Decide,
): Promise<ScreenedBytes | Refusal> {
  const { compiled, destination } = leaving;
  const provided = compiled.agent !== undefined;
  let redacted: readonly Finding[] = [];
  const scan = async () => {
    const findings = await screener.scan(plain, compiled);
    redacted = findings.filter((finding) => policyOf(compiled.route, finding, provided) === "redact");
    return findings.filter((finding) => !redacted.includes(finding));
  };
  const refusal = await settle(leaving, scan, "body", decide);
  if (refusal !== undefined) return refusal;
  const clean = redacted.length === 0 ? plain : redactBody(plain, redacted.filter(hasPlace));
  const left = redacted.length === 0 ? [] : await screener.scan(clean, compiled);
  // of any kind: a search stops at a number of findings, and what stands behind them was not seen before
  const [again] = left;
  if (again !== undefined) return refuseFinding(compiled.route, again, "body, also after redaction");
  const joined = await screener.join(
    destination.to.host.text,
    bodyPieces(valuesOf(leaving.fields, "content-type").join(","), clean),
    compiled,
  );
  if (joined !== undefined) return refuseFinding(compiled.route, joined, "body");
  return { kind: "bytes", bytes: clean, redacted, unpacked: false };
}

function refuseEncoding(encoding: string): Refusal {
  const message = `the body is encoded as ${encoding}, which cannot be read here`;
  return makeRefusal("egress/unreadable-body", "screening", message, "send it unencoded, or with gzip");
}

function refuseLarge(): Refusal {
  const message = `the body is encoded and larger than ${HELD_BODY_BYTES} bytes`;
  return makeRefusal("egress/unreadable-body", "screening", message, "send it unencoded");
}
