import { once } from "node:events";
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";
import { systemClock } from "../../../src/base/clock.ts";
import type { Scope } from "../../../src/base/scope.ts";
import { SecretValue } from "../../../src/base/secret-value.ts";
import { compilePolicy } from "../../../src/egress/2-route/compiled-policy.ts";
import { loadRegexEngine } from "../../../src/egress/2-route/path-rule.ts";
import { loadDetectors } from "../../../src/egress/3-screen/load-detectors.ts";
import {
  type CertificateAuthority,
  makeCertificateAuthority,
} from "../../../src/egress/authority/certificate-authority.ts";
import { type Egress, type EgressParts, openEgress } from "../../../src/egress/open-egress.ts";
import type { EgressPolicy, PolicyRoute } from "../../../src/egress/policy.ts";
import { makeUpstreamTrust } from "../../../src/egress/server/upstream-trust.ts";
import { parseHost } from "../../../src/egress/wire/host.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import type { Route, RouteAuth } from "../../../src/manifest/bottle.ts";
import type { Supervisor } from "../../../src/supervise/hold.ts";

/** A route with nothing special about it. */
export function makeRoute(host: string, over: Partial<Route> = {}): Route {
  return {
    host,
    ports: [443],
    matches: [],
    auth: undefined,
    inboundCredentials: over.auth === undefined ? "refuse" : "strip",
    git: { fetch: false },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    allowPrivate: false,
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    at: { file: "test.md", line: 1 },
    ...over,
  };
}

export const TOKEN = ["sk-test", "0123456789abcdef/XYZ+secret"].join("-");
export const BEARER: RouteAuth = { scheme: "Bearer", tokenRef: { kind: "env", variable: "TOKEN" } };

export function withCredential(route: Route, value = TOKEN): PolicyRoute {
  return { route, credential: new SecretValue("TOKEN", value) };
}

export function plain(route: Route): PolicyRoute {
  return { route, credential: undefined };
}

/** A server on the loopback that stands for one on the internet. */
export type Origin = { readonly port: number; readonly server: Server | HttpServer; readonly seen: string[] };

export async function listen(server: Server | HttpServer, scope: Scope): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.defer("origin", () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

let authority: Promise<CertificateAuthority> | undefined;

/** The authority that certifies every origin of these tests; made once, it takes long. */
export function originAuthority(): Promise<CertificateAuthority> {
  authority ??= makeCertificateAuthority("origins", systemClock);
  return authority;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

export async function openHttpsOrigin(scope: Scope, names: string, listener: Answer): Promise<Origin> {
  const leaf = await (await originAuthority()).issue(parseHost(names));
  const seen: string[] = [];
  const server = createHttpsServer({ key: leaf.keyPem, cert: leaf.certificatePem }, (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    void listener(request, response);
  });
  server.keepAliveTimeout = 20_000;
  return { port: await listen(server, scope), server, seen };
}

export async function openHttpOrigin(scope: Scope, listener: Answer): Promise<Origin> {
  const seen: string[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    void listener(request, response);
  });
  return { port: await listen(server, scope), server, seen };
}

export type World = {
  readonly scope: Scope;
  readonly egress: Egress;
  readonly port: number;
  readonly ca: CertificateAuthority;
  readonly events: JournalEvent[];
  readonly bugs: unknown[];
};

export const LIMITS: EgressPolicy["limits"] = {
  connections: 512,
  headTimeoutMs: 5_000,
  idleTimeoutMs: 20_000,
  maxHeadBytes: 65_536,
  maxBodyBytes: undefined,
  holdTimeoutMs: 60_000,
  connectTimeoutMs: 5_000,
};

/** Nobody watches, and nobody answers. */
export const NOBODY: Supervisor = {
  attended: false,
  ask: async () => ({ kind: "not-asked" }),
  isApproved: () => false,
};

let bottleAuthority: Promise<CertificateAuthority> | undefined;

export async function openWorld(
  scope: Scope,
  policy: Partial<EgressPolicy>,
  parts: Partial<Pick<EgressParts, "lookup" | "authority" | "known" | "supervisor" | "pool">> = {},
): Promise<World> {
  bottleAuthority ??= makeCertificateAuthority("test-abcde", systemClock);
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const port = (listener.address() as AddressInfo).port;
  const events: JournalEvent[] = [];
  const bugs: unknown[] = [];
  const ca = parts.authority ?? (await bottleAuthority);
  const { routes = [], extraCaPem = (await originAuthority()).certificatePem } = policy;
  const egress = openEgress(
    {
      listeners: [listener],
      policy: {
        routes: [],
        resolve: [],
        extraCaPem,
        upstreamProxy: undefined,
        log: "requests",
        limits: LIMITS,
        ...policy,
      },
      compiled: compilePolicy({ routes }, await loadRegexEngine(routes.map(({ route }) => route))),
      authority: ca,
      trust: makeUpstreamTrust(extraCaPem),
      journal: (event) => events.push(event),
      clock: systemClock,
      onBug: (error) => bugs.push(error),
      known: parts.known ?? [],
      loaded: await loadDetectors(routes),
      supervisor: parts.supervisor ?? NOBODY,
      ...(parts.lookup === undefined ? {} : { lookup: parts.lookup }),
      ...(parts.pool === undefined ? {} : { pool: parts.pool }),
    },
    scope,
  );
  return { scope, egress, port, ca, events, bugs };
}

/** Resolves a test name to an origin of this test. */
export function pin(name: string, origin: { readonly port: number }): EgressPolicy["resolve"][number] {
  return { name, address: "127.0.0.1", port: origin.port };
}

/** Everything a peer sends until it closes. */
export async function readAll(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => pieces.push(bytes));
  socket.on("error", () => {});
  await new Promise<void>((resolve) => {
    socket.on("end", resolve);
    socket.on("close", () => resolve());
    if (socket.destroyed || socket.readableEnded) resolve();
  });
  return Buffer.concat(pieces).toString("latin1");
}

/** Sends raw bytes to the proxy and gives all it answers until it closes. */
export async function sendRaw(port: number, text: string | Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  const answer = await readAll(socket);
  socket.destroy();
  return answer;
}

export async function readUntil(socket: Socket, mark: string): Promise<string> {
  let text = "";
  for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += bytes.toString("latin1");
    if (text.includes(mark)) break;
  }
  return text;
}

/** A tunnel through the proxy, without TLS yet; also the proxy's answer to CONNECT. */
export async function connectTunnel(port: number, authority: string): Promise<{ socket: Socket; answer: string }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  return { socket, answer: await readUntil(socket, "\r\n\r\n") };
}

/** A TLS connection through the proxy, trusting only the bottle's CA. */
export async function connectTlsTunnel(world: World, target: string, serverName?: string): Promise<TLSSocket> {
  const { socket, answer } = await connectTunnel(world.port, target);
  if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`CONNECT: ${answer}`);
  const [host = ""] = target.split(":");
  const name = serverName ?? host;
  const tls = connectTls({
    socket,
    ...(name === "" ? {} : { servername: name }),
    secureContext: createSecureContext({ ca: world.ca.certificatePem }),
    checkServerIdentity: () => undefined,
  });
  tls.on("error", () => {});
  await once(tls, "secureConnect");
  return tls;
}

/** Sends one request in a TLS tunnel and gives the whole answer; the request must ask to close. */
export async function sendTls(world: World, target: string, text: string, serverName?: string): Promise<string> {
  const tls = await connectTlsTunnel(world, target, serverName);
  tls.write(Buffer.from(text, "latin1"));
  const answer = await readAll(tls);
  tls.destroy();
  return answer;
}

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
