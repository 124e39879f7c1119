import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { showHarmlessly } from "../base/plain-text.ts";
import type { FirstFetch } from "./mirror.ts";
import { BAND, MOST_PACK_BYTES, makeBandHead, makePacket } from "./packets.ts";
import { parseUploadRequest, type UploadRequest } from "./upload-request.ts";
import type { UpstreamRefs } from "./upstream-refs.ts";

/** More than the refs of a large repository; a longer request waits for the mirror. */
const MOST_REQUEST_BYTES = 4 * 1024 * 1024;
const HEAD = { "Content-Type": "application/x-git-upload-pack-result", "Cache-Control": "no-cache" } as const;

/** A request that may be answered while the mirror is filled. */
export type EarlyParts = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly first: FirstFetch;
  /** What the client is told when the fetch breaks off */
  readonly explain: () => Promise<readonly string[]>;
};

/**
 * Answers a client that clones what is just being fetched for the first time: refs from the upstream's list, and the pack as it
 * comes, so that it crosses the gate once and not twice. Objects and refs are those that the upstream gave for the bottle's
 * credential, and the client verifies them as it verifies any upstream's. What is not such a clone is left for the mirror: then
 * the body is given, to be read by git. It is over for a client that has gone, or was told that the fetch broke off.
 */
export async function answerEarly(parts: EarlyParts): Promise<"answered" | "over" | Readable> {
  const { request, response, first } = parts;
  const body = await readHead(request).catch(() => undefined);
  if (body === undefined) return "over"; // a request cannot be read any more when its client has gone
  const { head, rest } = body;
  const asked = rest === undefined ? await parse(head, request.headers["content-encoding"]) : undefined;
  if (asked?.kind === "list" && asked.format === first.upstream.format) {
    response.writeHead(200, HEAD).end(renderRefs(first.upstream, asked));
    return "answered";
  }
  if (asked?.kind === "everything" && wantsAll(first.upstream, asked)) {
    const pieces = first.pack.state === "arriving" ? first.pack.read() : undefined;
    const piece = await pieces?.next();
    if (pieces !== undefined && piece?.done === false) {
      response.writeHead(200, HEAD);
      const sent = pipeline(Readable.from(renderPack(parts, piece.value, pieces)), response);
      await sent.catch(() => {}); // the client has gone
      await pieces.return();
      return first.pack.state === "broken" ? "over" : "answered";
    }
  }
  return Readable.from(joinBody(head, rest));
}

/** What a client sends, up to a limit; and what follows, if it is longer. */
async function readHead(request: IncomingMessage): Promise<{ head: Buffer; rest: AsyncIterator<Buffer> | undefined }> {
  const pieces: Buffer[] = [];
  const rest: AsyncIterator<Buffer> = request[Symbol.asyncIterator]();
  for (let size = 0; size <= MOST_REQUEST_BYTES; ) {
    const { done, value } = await rest.next();
    if (done === true) return { head: Buffer.concat(pieces), rest: undefined };
    pieces.push(value);
    size += value.length;
  }
  return { head: Buffer.concat(pieces), rest };
}

async function* joinBody(head: Buffer, rest: AsyncIterator<Buffer> | undefined): AsyncGenerator<Buffer> {
  yield head;
  if (rest === undefined) return;
  for (;;) {
    const { done, value } = await rest.next();
    if (done === true) return;
    yield value;
  }
}

/** Git compresses what is longer than a kilobyte. */
async function parse(body: Buffer, encoding: string | undefined): Promise<UploadRequest | undefined> {
  if (encoding !== "gzip") return parseUploadRequest(body);
  const unpacked = promisify(gunzip)(body, { maxOutputLength: MOST_REQUEST_BYTES });
  return unpacked.then(parseUploadRequest, () => undefined); // git says what is wrong with it
}

function wantsAll({ refs, format }: UpstreamRefs, asked: UploadRequest & { readonly kind: "everything" }): boolean {
  const all = new Set(refs.values());
  return asked.format === format && asked.wants.size === all.size && [...all].every((id) => asked.wants.has(id));
}

function renderRefs({ refs, peeled, head }: UpstreamRefs, asked: UploadRequest & { readonly kind: "list" }): string {
  const isAsked = (name: string) => asked.prefixes.length === 0 || asked.prefixes.some((one) => name.startsWith(one));
  const lines: string[] = [];
  const add = (name: string, id: string, more: string) => {
    if (isAsked(name)) lines.push(makePacket(`${id} ${name}${more}\n`));
  };
  const headId = head === undefined ? undefined : refs.get(head);
  if (headId !== undefined) add("HEAD", headId, asked.symrefs ? ` symref-target:${head}` : "");
  for (const [name, id] of refs) {
    const target = asked.peel ? peeled.get(name) : undefined;
    add(name, id, target === undefined ? "" : ` peeled:${target}`);
  }
  return `${lines.join("")}0000`;
}

async function* renderPack(
  { first, explain }: EarlyParts,
  piece: Buffer,
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield Buffer.from(makePacket("packfile\n"));
  yield makeBandHead(BAND.pack, piece.length);
  yield piece;
  for await (const bytes of rest) {
    yield makeBandHead(BAND.pack, bytes.length); // without bytes it says that this side is still there
    if (bytes.length > 0) yield bytes;
  }
  if (first.pack.state === "broken") {
    const lines = (await explain()).map((line) => `bot-bottle: ${showHarmlessly(line)}\n`);
    const words = Buffer.from(lines.join("")).subarray(0, MOST_PACK_BYTES);
    yield makeBandHead(BAND.error, words.length);
    yield words;
  }
  yield Buffer.from("0000");
}
