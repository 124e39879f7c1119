import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import type { Scope } from "../../src/base/scope.ts";
import type { CertificateAuthority } from "../../src/egress/authority/certificate-authority.ts";
import { parseHost } from "../../src/egress/wire/host.ts";
import { FrameReader } from "../../src/egress/wire/websocket-frames.ts";
import type { PlannedReply } from "./case.ts";

/** A request as it arrived. */
export type Arrived = {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** A server on the loopback that stands for every host of the corpus, over TLS and without. */
export type Origin = {
  readonly port: number;
  /** Forgets what arrived, and answers like this from now on. */
  expect(reply: PlannedReply): void;
  readonly requests: readonly Arrived[];
  /** Whole websocket messages, fragments joined */
  readonly messages: readonly Buffer[];
};

const TLS_HANDSHAKE = 0x16;
const ACCEPT_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Listens until the scope closes. */
export async function openOrigin(authority: CertificateAuthority, scope: Scope): Promise<Origin> {
  const state: { reply: PlannedReply; requests: Arrived[]; messages: Buffer[] } = {
    reply: { status: 200, type: "text/plain", body: Buffer.alloc(0) },
    requests: [],
    messages: [],
  };
  const onRequest: RequestListener = (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("error", () => {});
    request.on("end", () => {
      state.requests.push(arrivedOf(request, Buffer.concat(pieces)));
      const { status, type, body } = state.reply;
      response.writeHead(status, { "Content-Type": type, "Content-Length": body.length });
      response.end(body);
    });
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex): void => {
    state.requests.push(arrivedOf(request, Buffer.alloc(0)));
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${ACCEPT_KEY}`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    readMessages(socket, state.messages);
  };
  const plain = createHttpServer(onRequest).on("upgrade", onUpgrade);
  const leaf = await authority.issue(parseHost("localhost"));
  const secure = createHttpsServer(
    {
      key: leaf.keyPem,
      cert: leaf.certificatePem,
      SNICallback: (name, done) => {
        authority.issue(parseHost(name)).then(
          ({ keyPem, certificatePem }) => done(null, createSecureContext({ key: keyPem, cert: certificatePem })),
          (error: Error) => done(error),
        );
      },
    },
    onRequest,
  ).on("upgrade", onUpgrade);
  const port = await listen((socket) => void route(socket, plain, secure), scope);
  return {
    port,
    expect: (reply) => Object.assign(state, { reply, requests: [], messages: [] }),
    get requests() {
      return state.requests;
    },
    get messages() {
      return state.messages;
    },
  };
}

/** One port for both: the first byte says which. */
async function route(
  socket: Socket,
  plain: { emit(name: string, socket: Socket): boolean },
  secure: typeof plain,
): Promise<void> {
  socket.on("error", () => {});
  await once(socket, "readable");
  const first: Buffer | null = socket.read(1);
  if (first === null) return void socket.destroy();
  socket.unshift(first);
  (first[0] === TLS_HANDSHAKE ? secure : plain).emit("connection", socket);
}

async function listen(onConnection: (socket: Socket) => void, scope: Scope): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.defer("origin", () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function arrivedOf(request: IncomingMessage, body: Buffer): Arrived {
  const fields = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  return { method: request.method ?? "", host: fields["host"] ?? "", target: request.url ?? "", fields, body };
}

function readMessages(socket: Duplex, into: Buffer[]): void {
  const reader = new FrameReader("client");
  let open: Buffer[] = [];
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    for (const { opcode, final, payload } of reader.push(bytes)) {
      if (opcode === 8) return void socket.end();
      if (opcode > 8) continue;
      open.push(payload);
      if (!final) continue;
      into.push(Buffer.concat(open));
      open = [];
    }
  });
}
