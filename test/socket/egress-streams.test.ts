import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import {
  BEARER,
  connectTlsTunnel,
  LIMITS,
  listen,
  makeRoute,
  openHttpOrigin,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  readAll,
  readUntil,
  sendRaw,
  sendTls,
  TOKEN,
  until,
  type World,
  withCredential,
} from "./egress/harness.ts";

let scope: Scope;

beforeEach(() => {
  scope = new Scope();
});

afterEach(async () => {
  await scope.close();
});

const HOST = "a.example.com";
const GIB = 1024 * 1024 * 1024;

async function curl(world: World, args: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "egress-"));
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
  const ca = join(folder, "ca.pem");
  await writeFile(ca, world.ca.certificatePem);
  const proxy = `http://127.0.0.1:${world.port}`;
  const done = await run(["curl", "-sS", "--cacert", ca, "--proxy", proxy, ...args], { env: {}, timeoutMs: 50_000 });
  expect(done.stderr).toBe("");
  return done.stdout.toString();
}

/** Highest resident memory of this process while something runs, over what it was before, `MiB`. */
async function peakGrowth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  await work();
  clearInterval(timer);
  return (peak - before) / 1024 / 1024;
}

describe("large bodies", () => {
  test("1 GiB down, masked on the way, with flat memory", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const origin = await openHttpsOrigin(scope, HOST, async (_, response) => {
      response.setHeader("Content-Length", GIB);
      for (let sent = 0; sent < GIB; sent += piece.length) {
        if (!response.write(piece)) await once(response, "drain");
      }
      response.end();
    });
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute(HOST, { auth: BEARER }))],
      resolve: [pin(HOST, origin)],
    });
    let size = "";
    const growth = await peakGrowth(async () => {
      size = await curl(world, ["-o", "/dev/null", "-w", "%{size_download}", `https://${HOST}/`]);
    });
    expect(size).toBe(String(GIB));
    expect(growth).toBeLessThan(200);
  });

  for (const [name, args] of Object.entries({ length: [], chunked: ["-H", "Transfer-Encoding: chunked"] })) {
    test(`1 GiB up by ${name}, with flat memory`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "egress-up-"));
      scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
      const file = await open(join(folder, "big"), "w");
      await file.truncate(GIB);
      await file.close();
      const origin = await openHttpsOrigin(scope, HOST, async (request, response) => {
        let total = 0;
        for await (const bytes of request) total += (bytes as Buffer).length;
        response.end(String(total));
      });
      const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
      let answer = "";
      const growth = await peakGrowth(async () => {
        answer = await curl(world, [...args, "-T", join(folder, "big"), `https://${HOST}/`]);
      });
      expect(answer).toBe(String(GIB));
      expect(growth).toBeLessThan(200);
    });
  }

  test("a client that does not read stops the server, not the memory", async () => {
    let sent = 0;
    const piece = Buffer.alloc(64 * 1024, "x");
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => {
      const more = () => {
        do sent += piece.length;
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    });
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    tls.pause();
    tls.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    let before = -1;
    let rounds = 0;
    await until("the server stands still", () => {
      rounds = before === sent && sent > 0 ? rounds + 1 : 0;
      before = sent;
      return rounds > 40;
    });
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    tls.destroy();
  });
});

describe("answers come as they are made", () => {
  test("server-sent events are not held back", async () => {
    let next: (() => void) | undefined;
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: 1\n\n");
      next = () => response.end("data: 2\n\n");
    });
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute(HOST, { auth: BEARER }))],
      resolve: [pin(HOST, origin)],
    });
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    tls.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect(await readUntil(tls, "data: 1\n\n")).toContain("data: 1");
    next?.();
    expect(await readAll(tls)).toContain("data: 2");
  });

  test("an early answer reaches a client that is still sending", async () => {
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => {
      response.writeHead(413, { Connection: "close" }).end("too large");
    });
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    tls.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 20000000\r\n\r\nbegin`);
    const answer = await readAll(tls);
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    expect(answer).toContain("too large");
  });

  test("100 Continue comes once, from the proxy: it screens a body before the server sees it", async () => {
    const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
      request.resume();
      request.on("end", () => response.end("got it"));
    });
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    tls.write(
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n`,
    );
    expect(await readUntil(tls, "\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    tls.write("body");
    expect(await readAll(tls)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*got it/);
  });

  test("HEAD, 204 and 304 have no body, and the connection goes on", async () => {
    const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
      if (request.method === "HEAD") response.setHeader("Content-Length", 77);
      response.statusCode = Number(request.url?.slice(1));
      response.end();
    });
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const one = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    const last = `GET /200 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    const answer = await sendTls(
      world,
      `${HOST}:443`,
      `${one("HEAD", "/200")}${one("GET", "/204")}${one("GET", "/304")}${last}`,
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 204", "HTTP/1.1 304", "HTTP/1.1 200"]);
    expect(answer).toContain("Content-Length: 77");
  });

  test("a body that ends with its connection is chunked for 1.1 and closed for 1.0", async () => {
    const server = createServer((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")),
    );
    const port = await listen(server, scope);
    const world = await openWorld(scope, {
      routes: [plain(makeRoute(HOST, { ports: [80] }))],
      resolve: [pin(HOST, { port })],
    });
    const ask = (version: string) =>
      `GET http://${HOST}/ HTTP/${version}\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(world.port, ask("1.1"))).toContain("\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n");
    expect(await sendRaw(world.port, ask("1.0"))).toMatch(/\r\n\r\nuntil the end$/);
  });

  test("a body that is cut off is cut off for the client too", async () => {
    const server = createServer((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")),
    );
    const port = await listen(server, scope);
    const world = await openWorld(scope, {
      routes: [plain(makeRoute(HOST, { ports: [80] }))],
      resolve: [pin(HOST, { port })],
    });
    const answer = await sendRaw(world.port, `GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    expect(answer).toMatch(/Content-Length: 100[\s\S]*short$/);
    expect(world.bugs).toEqual([]);
  });

  test("presigned URLs arrive as they were signed", async () => {
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => response.end());
    const world = await openWorld(scope, {
      routes: [withCredential(makeRoute(HOST, { auth: BEARER }))],
      resolve: [pin(HOST, origin)],
    });
    const signed =
      "/a%20b/c~d?X-Amz-Credential=AKIA%2F20250101&X-Amz-Signature=abc%3D&X-Amz-Security-Token=x%2Fy&sig=%2B";
    await sendTls(world, `${HOST}:443`, `GET ${signed} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect(origin.seen).toEqual([`GET ${signed}`]);
  });
});

test("the anonymous token flow of a registry works by routes that let credentials pass", async () => {
  const origin = await openHttpsOrigin(scope, "registry.example.com", (request, response) => {
    if (request.headers.authorization === "Bearer anonymous-123") return response.end("layer");
    const ask = 'Bearer realm="https://auth.example.com/token",service="registry"';
    return response.writeHead(401, { "WWW-Authenticate": ask }).end();
  });
  const auth = await openHttpsOrigin(scope, "auth.example.com", (_, response) =>
    response.end('{"token":"anonymous-123"}'),
  );
  const world = await openWorld(scope, {
    routes: [
      plain(makeRoute("registry.example.com", { inboundCredentials: "pass" })),
      plain(makeRoute("auth.example.com")),
    ],
    resolve: [pin("registry.example.com", origin), pin("auth.example.com", auth)],
  });
  const url = "https://registry.example.com/v2/x/blobs/1";
  expect(await curl(world, ["-i", url])).toContain('realm="https://auth.example.com/token"');
  const { token } = JSON.parse(await curl(world, ["https://auth.example.com/token?service=registry"]));
  expect(await curl(world, ["-H", `Authorization: Bearer ${token}`, url])).toBe("layer");
});

describe("connections to servers", () => {
  test("are kept and used again", async () => {
    let connections = 0;
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => response.end("x"));
    origin.server.on("connection", () => connections++);
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    for (let round = 0; round < 5; round++) {
      await sendTls(world, `${HOST}:443`, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    }
    expect(connections).toBe(1);
    expect(world.egress.stats().upstreams).toBe(1);
  });

  test("are all kept, also when many were needed at one time", { timeout: 60_000 }, async () => {
    let connections = 0;
    const waiting: ServerResponse[] = [];
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => {
      waiting.push(response);
      // nobody is answered before all have asked
      if (waiting.length === 40) for (const one of waiting.splice(0)) one.end("taken.");
    });
    origin.server.on("secureConnection", () => connections++);
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const clients = await Promise.all(Array.from({ length: 40 }, () => connectTlsTunnel(world, `${HOST}:443`)));
    for (let round = 0; round < 2; round++) {
      const answers = clients.map((tls) => {
        tls.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
        return readUntil(tls, "taken.");
      });
      await Promise.all(answers);
    }
    expect(connections).toBe(40);
    for (const tls of clients) tls.destroy();
  });

  test("are kept after large bodies too, on both sides", async () => {
    let connections = 0;
    const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
      request.resume();
      request.on("end", () => response.end("taken."));
    });
    origin.server.on("secureConnection", () => connections++);
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    const body = "some plain words. ".repeat(20_000);
    for (let round = 0; round < 20; round++) {
      tls.write(`POST /up HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      expect(await readUntil(tls, "taken.")).toMatch(/^HTTP\/1\.1 200 /);
    }
    tls.destroy();
    expect(connections).toBe(1);
  });

  test("one that the server closes unseen is replaced for a request that may be repeated", async () => {
    const sockets: Socket[] = [];
    let served = 0;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", () => {
        served++;
        if (served === 2) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    const port = await listen(server, scope);
    const world = await openWorld(scope, {
      routes: [plain(makeRoute(HOST, { ports: [80] }))],
      resolve: [pin(HOST, { port })],
    });
    const ask = `GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(world.port, ask)).toMatch(/ok$/);
    expect(await sendRaw(world.port, ask)).toMatch(/ok$/);
    expect(sockets).toHaveLength(2);
  });

  test("200 at once, each with its own answer", async () => {
    const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
      setImmediate(() => response.end(`answer ${request.url}`));
    });
    const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        sendTls(world, `${HOST}:443`, `GET /${index} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`),
      ),
    );
    for (const [index, answer] of answers.entries()) expect(answer).toMatch(new RegExp(`answer /${index}$`));
    expect(world.bugs).toEqual([]);
    await until("no client", () => world.egress.stats().clients === 0);
  });

  test("go through a company proxy by name, TLS still verified to the end", async () => {
    let seen: string | undefined;
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => response.end("reached"));
    const heads: string[] = [];
    const proxy = createServer((socket) => {
      socket.once("data", (bytes) => {
        heads.push(bytes.toString());
        const far = connect(origin.port, "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          socket.pipe(far).pipe(socket);
        });
        far.on("error", () => socket.destroy());
      });
    });
    const port = await listen(proxy, scope);
    const world = await openWorld(
      scope,
      {
        routes: [plain(makeRoute(HOST)), plain(makeRoute("10.0.0.1"))],
        upstreamProxy: `http://user:pass@127.0.0.1:${port}`,
      },
      {
        lookup: async (name) => {
          seen = name;
          return [];
        },
      },
    );
    const ask = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    expect(await sendTls(world, `${HOST}:443`, ask(HOST))).toContain("reached");
    expect(heads[0]).toMatch(
      /^CONNECT a\.example\.com:443 HTTP\/1\.1\r\nHost: a\.example\.com:443\r\nProxy-Authorization: Basic dXNlcjpwYXNz/,
    );
    expect(seen).toBeUndefined();
    expect(await sendTls(world, "10.0.0.1:443", ask("10.0.0.1"), "")).toContain("egress/private-address");
    expect(heads).toHaveLength(1);
  });
});

describe("websockets", () => {
  const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
  const ASK = `GET /ws HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;

  async function openEcho(accept: (key: string) => string): Promise<World> {
    const origin = await openHttpsOrigin(scope, HOST, (_, response) => response.end("plain"));
    origin.server.on("upgrade", (request, socket: Socket) => {
      const answer = accept(String(request.headers["sec-websocket-key"]));
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${answer}\r\n\r\n`,
      );
      socket.write(`secret ${request.headers.authorization};`);
      socket.pipe(socket);
    });
    return openWorld(scope, {
      routes: [withCredential(makeRoute(HOST, { auth: BEARER }))],
      resolve: [pin(HOST, origin)],
      limits: LIMITS,
    });
  }

  test("pass message by message after a proper switch, echoes masked", async () => {
    const world = await openEcho((key) =>
      createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64"),
    );
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    tls.write(ASK);
    const head = await readUntil(tls, ";");
    expect(head).toMatch(/^HTTP\/1\.1 101/);
    expect(head).not.toContain(TOKEN);
    for (const message of ["one", "two"]) {
      const frame = Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), Buffer.from(message)]);
      tls.write(frame);
      expect(await readUntil(tls, message)).toBe(frame.toString("latin1"));
    }
    tls.destroy();
    await until("nothing is left", () => world.egress.stats().upstreams === 0);
  });

  test("are refused when the server's proof is wrong", async () => {
    const world = await openEcho(() => "bm9uc2Vuc2U=");
    expect(await sendTls(world, `${HOST}:443`, ASK)).toContain("egress/upstream-broken");
  });

  test("a switch that nobody asked for is refused", async () => {
    const server = createServer((socket) =>
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"),
      ),
    );
    const port = await listen(server, scope);
    const world = await openWorld(scope, {
      routes: [plain(makeRoute(HOST, { ports: [80] }))],
      resolve: [pin(HOST, { port })],
    });
    const answer = await sendRaw(
      world.port,
      `GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain("egress/upstream-broken");
  });
});

test("the proxy's own page is answered in all three ways", async () => {
  const world = await openWorld(scope, { routes: [plain(makeRoute(HOST))] });
  const end = "Connection: close\r\n\r\n";
  for (const text of [
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${world.port}\r\n${end}`,
    `GET / HTTP/1.1\r\nHost: _egress.local\r\n${end}`,
    `GET http://_egress.local/ HTTP/1.1\r\nHost: _egress.local\r\n${end}`,
  ]) {
    expect(await sendRaw(world.port, text)).toContain('"host":"a.example.com"');
  }
  const inside = await sendTls(world, "_egress.local:443", `GET / HTTP/1.1\r\nHost: _egress.local\r\n${end}`);
  expect(inside).toContain('"host":"a.example.com"');
});

test("plain HTTP goes to a route that has the port", async () => {
  const origin = await openHttpOrigin(scope, (request, response) => response.end(`plain ${request.headers.host}`));
  const world = await openWorld(scope, {
    routes: [plain(makeRoute(HOST, { ports: [80] }))],
    resolve: [pin(HOST, origin)],
  });
  expect(await curl(world, [`http://${HOST}/`])).toBe(`plain ${HOST}`);
  expect(await curl(world, ["--proxytunnel", `http://${HOST}/`])).toBe(`plain ${HOST}`);
});
