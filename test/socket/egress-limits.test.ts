import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import type { EgressLimits, Route } from "../../src/manifest/bottle.ts";
import {
  connectTlsTunnel,
  LIMITS,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  sendTls,
  until,
  type World,
} from "./egress/harness.ts";

const HOST = "api.example.com";
const OTHER = "other.example.com";

const scopes: Scope[] = [];
afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close();
});

type Limited = { readonly world: World; readonly arrived: { readonly url: string; readonly bytes: number }[] };

async function limit(limits: Partial<Route["limits"]>, ofBottle: Partial<EgressLimits> = {}): Promise<Limited> {
  const scope = new Scope();
  scopes.push(scope);
  const arrived: Limited["arrived"] = [];
  const answer = async (host: string) =>
    openHttpsOrigin(scope, host, (request, response) => {
      let bytes = 0;
      request.on("data", (piece: Buffer) => {
        bytes += piece.length;
      });
      request.on("error", () => {});
      request.on("close", () => arrived.push({ url: `${host}${request.url}`, bytes }));
      request.on("end", () => response.end("ok"));
    });
  const [origin, other] = [await answer(HOST), await answer(OTHER)];
  const route = makeRoute(HOST, { limits: { bytesPerMinute: undefined, requestsPerMinute: undefined, ...limits } });
  const world = await openWorld(scope, {
    routes: [plain(route), plain(makeRoute(OTHER))],
    resolve: [pin(HOST, origin), pin(OTHER, other)],
    limits: { ...LIMITS, ...ofBottle },
  });
  return { world, arrived };
}

const get = (host = HOST) => `GET /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const post = (bytes: number, host = HOST) =>
  `POST /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n${"x ".repeat(bytes / 2)}`;
const chunked = (sizes: readonly number[]) => {
  const chunks = sizes.map((size) => `${size.toString(16)}\r\n${"x ".repeat(size / 2)}\r\n`).join("");
  return `POST /x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
};

describe("limits of a route", () => {
  test("so many requests a minute and no more, on one connection or several; another route has its own", async () => {
    const { world, arrived } = await limit({ requestsPerMinute: 3 });
    const answers = [];
    for (let index = 0; index < 5; index++) answers.push(await sendTls(world, `${HOST}:443`, get()));
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(["200", "200", "200", "429", "429"]);
    expect(answers[4]).toContain('"code":"egress/over-limit"');
    expect(answers[4]).toContain(`${HOST} is limited to 3 requests a minute`);
    expect(await sendTls(world, `${OTHER}:443`, get(OTHER))).toContain("200 OK");
    expect(arrived).toHaveLength(4);
    expect(world.events).toContainEqual(
      expect.objectContaining({ code: "egress/over-limit", rule: `${HOST}: limits.requests_per_minute` }),
    );
  });

  test("so many bytes a minute: a body too large for what is left is refused before it is read", async () => {
    const { world, arrived } = await limit({ bytesPerMinute: 10_000 });
    expect(await sendTls(world, `${HOST}:443`, post(6_000))).toContain("200 OK");
    const tls = await connectTlsTunnel(world, `${HOST}:443`);
    tls.write(`POST /x HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 6000\r\n\r\n`);
    const [answer] = (await once(tls, "data")) as [Buffer];
    expect(answer.toString()).toContain("429 ");
    tls.destroy();
    expect(await sendTls(world, `${HOST}:443`, post(2_000))).toContain("200 OK");
    expect(await sendTls(world, `${HOST}:443`, get().replace("/x", `/${"y/".repeat(1_500)}`))).toContain("429 ");
    expect(arrived.map(({ bytes }) => bytes)).toEqual([6_000, 2_000]);
  });

  test("bytes whose number nobody said count as they come, and the request is cut off", async () => {
    const { world, arrived } = await limit({ bytesPerMinute: 10_000 });
    expect(await sendTls(world, `${HOST}:443`, chunked([4_000, 4_000, 4_000]))).toContain("egress/over-limit");
    expect(arrived).toEqual([]);
    const large = await limit({ bytesPerMinute: 12_000_000 });
    await sendTls(large.world, `${HOST}:443`, chunked(Array.from({ length: 14 }, () => 1_000_000)));
    await until("the origin saw the end", () => large.arrived.length > 0);
    expect(large.arrived[0]?.bytes).toBeLessThan(12_000_000);
    expect(large.world.events).toContainEqual(expect.objectContaining({ code: "egress/over-limit" }));
  });
});

describe("the largest body of a bottle", () => {
  test.each([
    ["declared", post(2_002)],
    ["in chunks", chunked([1_000, 1_002])],
  ])("%s", async (_, request) => {
    const { world, arrived } = await limit({}, { maxBodyBytes: 2_000 });
    expect(await sendTls(world, `${HOST}:443`, post(2_000))).toContain("200 OK");
    expect(await sendTls(world, `${HOST}:443`, request)).toMatch(/^HTTP\/1\.1 413 [\s\S]*egress\/body-too-large/);
    expect(await sendTls(world, `${OTHER}:443`, post(2_002, OTHER))).toContain("egress/body-too-large");
    expect(arrived).toHaveLength(1);
  });
});

test("bytes of a websocket count too, and the connection is closed", async () => {
  const { createHash } = await import("node:crypto");
  const scope = new Scope();
  scopes.push(scope);
  const origin = await openHttpsOrigin(scope, HOST, () => {});
  let got = 0;
  origin.server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
    );
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      got += bytes.length;
    });
  });
  const world = await openWorld(scope, {
    routes: [plain(makeRoute(HOST, { limits: { bytesPerMinute: 2_000, requestsPerMinute: undefined } }))],
    resolve: [pin(HOST, origin)],
  });
  const tls = await connectTlsTunnel(world, `${HOST}:443`);
  tls.write(
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await once(tls, "data");
  const message = Buffer.concat([Buffer.from([0x82, 0x80 | 100, 0, 0, 0, 0]), Buffer.alloc(100, 32)]);
  const closed = once(tls, "close");
  tls.on("data", () => {});
  for (let sent = 0; sent < 60 && !tls.destroyed; sent++) {
    tls.write(message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  expect(got).toBeLessThanOrEqual(2_000);
  expect(world.events).toContainEqual(expect.objectContaining({ code: "egress/over-limit" }));
});
