import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { BottleProxy } from "./bottle.ts";
import type { PlannedFrame, PlannedRequest } from "./case.ts";

/** What a program inside a bottle gets to see. */
export type Answer = {
  /** 0 when the connection ended before an answer */
  readonly status: number;
  /** `egress/…` when the proxy refused */
  readonly refusal: string | undefined;
  readonly body: Buffer;
};

const WAIT_MS = 15_000;

/** Sends one request through the proxy, as its bytes are planned, and reads until the connection ends. */
export async function send(proxy: BottleProxy, request: PlannedRequest): Promise<Answer> {
  const opened = await open(proxy, request);
  if ("status" in opened) return opened;
  const fields: (readonly [string, string])[] = [
    ["Host", request.authority],
    ...request.fields,
    ["Connection", "close"],
  ];
  if (request.body.length > 0 || request.method === "POST")
    fields.push(["Content-Length", String(request.body.length)]);
  opened.write(renderHead(request, fields));
  opened.write(request.body);
  return readAnswer(opened, request.method === "HEAD");
}

/** Opens a websocket, sends frames one after the other, and reads until the connection ends. */
export async function sendFrames(
  proxy: BottleProxy,
  request: PlannedRequest,
  frames: readonly PlannedFrame[],
): Promise<Answer> {
  const opened = await open(proxy, request);
  if ("status" in opened) return opened;
  opened.write(
    renderHead(request, [
      ["Host", request.authority],
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
      ["Sec-WebSocket-Key", randomBytes(16).toString("base64")],
    ]),
  );
  const head = await readHead(opened);
  if (!head.startsWith("HTTP/1.1 101")) {
    opened.destroy();
    return { status: statusOf(head), refusal: refusalOf(head), body: Buffer.from(head, "latin1") };
  }
  for (const frame of [...frames, CLOSE]) opened.write(renderFrame(frame));
  return { status: 101, refusal: undefined, body: await readRest(opened) };
}

const CLOSE: PlannedFrame = { opcode: 8, final: true, rsv1: false, payload: Buffer.from([0x03, 0xe8]) };

async function open(proxy: BottleProxy, { scheme, authority }: PlannedRequest): Promise<Socket | Answer> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.setTimeout(WAIT_MS, () => socket.destroy(new Error("no answer in time")));
  socket.on("error", () => {});
  await once(socket, "connect");
  if (scheme === "http") return socket;
  const target = /:[0-9]+$/.test(authority) ? authority : `${authority}:443`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const head = await readHead(socket);
  if (!head.startsWith("HTTP/1.1 200")) {
    socket.destroy();
    return { status: statusOf(head), refusal: refusalOf(head), body: Buffer.from(head, "latin1") };
  }
  const host = target.replace(/:[0-9]+$/, "").toLowerCase();
  const isName = !host.startsWith("[") && !/^[0-9.]+$/.test(host);
  const secure = connectTls({ socket, ca: proxy.certificatePem, ...(isName ? { servername: host } : {}) });
  secure.on("error", () => {});
  await Promise.race([once(secure, "secureConnect"), once(secure, "close")]);
  return secure;
}

function renderHead(
  { scheme, authority, method, target }: PlannedRequest,
  fields: readonly (readonly [string, string])[],
): Buffer {
  const line = `${method} ${scheme === "http" ? `http://${authority}${target}` : target} HTTP/1.1`;
  return Buffer.from([line, ...fields.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n"));
}

async function readHead(socket: Socket): Promise<string> {
  let text = "";
  for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += bytes.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end === -1) continue;
    if (!text.startsWith("HTTP/1.1 2") && !text.startsWith("HTTP/1.1 101")) break;
    break;
  }
  return text;
}

async function readAnswer(socket: Socket, toHead: boolean): Promise<Answer> {
  const bytes = await readRest(socket);
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return { status: 0, refusal: undefined, body: bytes };
  const head = text.slice(0, end);
  const rest = bytes.subarray(end + 4);
  const body = toHead ? Buffer.alloc(0) : /\r\ntransfer-encoding: *chunked/i.test(head) ? joinChunks(rest) : rest;
  return { status: statusOf(head), refusal: refusalOf(body.toString("latin1")), body };
}

async function readRest(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of socket as AsyncIterable<Buffer>) pieces.push(piece);
  } catch {
    // cut off: what came is what there is
  }
  socket.destroy();
  return Buffer.concat(pieces);
}

function joinChunks(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    const size = line === -1 ? 0 : Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (!(size > 0)) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function statusOf(head: string): number {
  return Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(head)?.[1] ?? 0);
}

function refusalOf(body: string): string | undefined {
  return /"code":"(egress\/[a-z-]+)"/.exec(body)?.[1];
}

function renderFrame({ opcode, final, rsv1, payload }: PlannedFrame): Buffer {
  const mask = randomBytes(4);
  const first = (final ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
  const length = payload.length;
  const head =
    length < 126 ? Buffer.from([first, 0x80 | length]) : Buffer.from([first, 0x80 | 126, length >> 8, length & 0xff]); // no case is longer
  const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at & 3] ?? 0)));
  return Buffer.concat([head, mask, masked]);
}
