import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import {
  connectTlsTunnel,
  makeRoute,
  type Origin,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  readUntil,
  sendTls,
  until,
  type World,
} from "../socket/egress/harness.ts";

const HOST = "a.example.com";
const MEBIBYTE = 1024 * 1024;
const AT = { kind: "egress-request", method: "POST", host: HOST, path: "/up" };

let scope: Scope;
let origin: Origin;
let world: World;
let taken = 0;

beforeEach(async () => {
  scope = new Scope();
  taken = 0;
  origin = await openHttpsOrigin(scope, HOST, async (request, response) => {
    request.on("data", (bytes: Buffer) => {
      taken += bytes.length;
    });
    if (request.url === "/up") return undefined; // takes everything and never answers
    await once(request, "end");
    if (request.url === "/garbage") return request.socket.end("HTTP/1.1 what\r\n\r\n");
    response.writeHead(200);
    response.write("the first half");
    return request.url === "/whole" && response.end(", and the second");
  });
  world = await openWorld(scope, { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] });
});
afterEach(() => scope.close());

const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;

describe("what went out is in the journal, whatever the client does afterwards", () => {
  test("it leaves before there is an answer", async () => {
    const socket = await connectTlsTunnel(world, `${HOST}:443`);
    socket.write(post("/up", 5000));
    socket.write("x".repeat(5000));
    await until("the server has it all", () => taken === 5000);
    expect(world.events).toEqual([]);
    socket.destroy();
    await until("an event", () => world.events.length > 0);
    expect(world.events).toMatchObject([{ ...AT, status: 0, bytes: { out: 5000, in: 0 }, cut: true }]);
  });

  test("it leaves in the middle of its own request", async () => {
    const socket = await connectTlsTunnel(world, `${HOST}:443`);
    socket.write(post("/up", 12 * MEBIBYTE)); // a smaller one is held until it is whole, and then nothing has left
    socket.write(Buffer.alloc(10 * MEBIBYTE, "clean text, "));
    await until("the server has its part", () => taken > 8 * MEBIBYTE);
    socket.destroy();
    await until("an event", () => world.events.length > 0);
    expect(world.events[0]).toMatchObject({ ...AT, status: 0, cut: true });
    const [event] = world.events;
    expect(event?.kind === "egress-request" && event.bytes.out).toBeGreaterThanOrEqual(taken);
  });

  test("it leaves in the middle of a request that is held: nothing went out", async () => {
    const socket = await connectTlsTunnel(world, `${HOST}:443`);
    socket.write(post("/up", 5000));
    socket.write("x".repeat(3000));
    socket.destroy();
    await sendTls(world, `${HOST}:443`, `${post("/whole", 4)}data`);
    expect(taken).toBe(4);
    expect(world.events.filter((event) => event.kind === "egress-request" && event.path === "/up")).toMatchObject([]);
  });

  test("it leaves in the middle of the answer", async () => {
    const socket = await connectTlsTunnel(world, `${HOST}:443`);
    socket.write(post("/half", 4));
    socket.write("data");
    await readUntil(socket, "the first half");
    socket.destroy();
    await until("an event", () => world.events.length > 0);
    expect(world.events).toMatchObject([{ path: "/half", status: 200, bytes: { out: 4, in: 14 }, cut: true }]);
  });

  test("the way out is closed while a request is under way", async () => {
    const socket = await connectTlsTunnel(world, `${HOST}:443`);
    socket.write(post("/up", 7));
    socket.write("secrets");
    await until("the server has it all", () => taken === 7);
    await world.egress.close();
    const events = world.events.filter(({ kind }) => kind === "egress-request");
    expect(events).toMatchObject([{ ...AT, bytes: { out: 7, in: 0 }, cut: true }]);
  });

  test("the server answers with something that is no HTTP", async () => {
    const answer = await sendTls(world, `${HOST}:443`, `${post("/garbage", 4)}data`);
    expect(answer).toContain("egress/upstream-broken");
    expect(world.events).toMatchObject([
      { path: "/garbage", status: 0, bytes: { out: 4, in: 0 }, cut: true },
      { kind: "egress-refusal", code: "egress/upstream-broken" },
    ]);
  });

  test("a body without a length is counted like one with it", async () => {
    const body = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    const head = `POST /whole HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    expect(await sendTls(world, `${HOST}:443`, head + body)).toContain("and the second");
    expect(world.events).toMatchObject([{ path: "/whole", status: 200, bytes: { out: 11, in: 30 } }]);
    expect(world.events[0]).not.toHaveProperty("cut");
  });
});

test("what passes through a websocket is counted in both directions", async () => {
  origin.server.on("upgrade", (request: { headers: Record<string, string> }, socket: Socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", () => socket.end("answered"));
  });
  const socket = await connectTlsTunnel(world, `${HOST}:443`);
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await readUntil(socket, "\r\n\r\n");
  socket.write(Buffer.concat([Buffer.from([0x81, 0x86, 0, 0, 0, 0]), Buffer.from("hidden")])); // a frame of twelve bytes
  await readUntil(socket, "answered");
  socket.destroy();
  await until("an event", () => world.events.length > 0);
  expect(world.events).toMatchObject([{ path: "/ws", status: 101, bytes: { out: 12, in: 8 } }]);
});
