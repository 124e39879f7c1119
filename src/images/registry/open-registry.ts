import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { BottleError, systemErrorCode } from "../../base/errors.ts";
import type { Scope } from "../../base/scope.ts";
import { decideAnswer, parseRange, type RegistryAnswer, type Shelf } from "./decide-answer.ts";
import type { SavedImage } from "./saved-image.ts";

/** A registry of one image, for as long as a hand-over lasts. */
export type Registry = {
  /** What a client on this machine pulls */
  readonly reference: string;
  /** What was found wrong while it was served, in words; undefined as long as nothing was */
  failure(): string | undefined;
};

/** The address by its number: whoever else listens on `localhost` of the other protocol must not be asked. */
const HOST = "127.0.0.1";
const API = { "docker-distribution-api-version": "registry/2.0" };

/**
 * Serves a saved image to whoever knows the random name of its repository, until the scope closes. Throws
 * `image/hand-over-failed` when nothing can listen.
 */
export async function openRegistry(
  image: SavedImage,
  where: { readonly name: string; readonly tag: string; readonly port?: number },
  scope: Scope,
): Promise<Registry> {
  const shelf: Shelf = { name: `${randomBytes(10).toString("hex")}/${where.name}`, tag: where.tag, image };
  const wrong: string[] = [];
  const server = createServer((request, response) => {
    answer(shelf, request, response).catch((error: unknown) => {
      // a client that goes away half-way is its own affair; one that was given wrong bytes must not take them for right
      if (error instanceof RangeError) wrong.push(error.message);
      else if (systemErrorCode(error) !== undefined && !isGone(error)) wrong.push(String(error));
      response.destroy();
    });
  });
  await listen(server, where.port ?? 0);
  scope.defer("close the registry of the hand-over", async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { reference: `${HOST}:${port}/${shelf.name}:${shelf.tag}`, failure: () => wrong[0] };
}

function isGone(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "ECONNABORTED"].includes(systemErrorCode(error) ?? "");
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const why = systemErrorCode(cause) === "EADDRINUSE" ? "something else listens there" : cause.message;
      reject(
        new BottleError("image/hand-over-failed", `no registry can listen on ${HOST}:${port}: ${why}`, {
          hint: "start it again",
          cause,
        }),
      );
    });
    server.listen(port, HOST, resolve);
  });
}

async function answer(shelf: Shelf, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume(); // what somebody sends is not looked at
  const decided = decideAnswer(request.method ?? "", request.url ?? "", shelf);
  switch (decided.kind) {
    case "ping":
      return send(response, 200, "application/json", Buffer.from("{}"));
    case "tags":
      return send(response, 200, "application/json", renderJson({ name: decided.name, tags: decided.tags }));
    case "manifest": {
      const { bytes, digest, mediaType } = decided.manifest;
      return send(response, 200, mediaType, bytes, { "docker-content-digest": digest, etag: `"${digest}"` });
    }
    case "blob":
      return sendBlob(shelf.image, decided.digest, request, response);
    case "error":
      return sendError(response, decided);
  }
}

function sendError(
  response: ServerResponse,
  { status, code, message }: Extract<RegistryAnswer, { readonly kind: "error" }>,
): void {
  const body = renderJson({ errors: [{ code, message, detail: {} }] });
  send(response, status, "application/json", body, status === 405 ? { allow: "GET, HEAD" } : {});
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: Buffer,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...API, "content-type": type, "content-length": body.length, ...more });
  response.end(body); // of an answer to HEAD, Node sends the head only
}

async function sendBlob(
  { path, blobs }: SavedImage,
  digest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const extent = blobs.get(digest) ?? { offset: 0, size: 0 };
  const range = parseRange(request.headers.range, extent.size);
  if (range === undefined) {
    response.writeHead(416, { ...API, "content-range": `bytes */${extent.size}` }).end();
    return;
  }
  const { start, end, isPart } = range;
  response.writeHead(isPart ? 206 : 200, {
    ...API,
    "content-type": "application/octet-stream",
    "content-length": end - start + 1,
    "accept-ranges": "bytes",
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    ...(isPart ? { "content-range": `bytes ${start}-${end}/${extent.size}` } : {}),
  });
  if (request.method === "HEAD" || extent.size === 0) {
    response.end();
    return;
  }
  const content = createReadStream(path, {
    start: extent.offset + start,
    end: extent.offset + end,
    highWaterMark: 1024 * 1024,
  });
  if (isPart) await pipeline(content, response);
  else await pipeline(content, (source) => checkDigest(source, digest, extent.size), response);
}

/** The last bytes are given only when all of them are those of the digest. */
async function* checkDigest(source: AsyncIterable<Buffer>, digest: string, size: number): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let left = size;
  for await (const chunk of source) {
    hash.update(chunk);
    left -= chunk.length;
    if (left === 0 && `sha256:${hash.digest("hex")}` !== digest) {
      throw new RangeError(`the blob ${digest} has another digest`);
    }
    yield chunk;
  }
  if (left > 0) throw new RangeError(`the blob ${digest} is cut short`);
}

function renderJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
