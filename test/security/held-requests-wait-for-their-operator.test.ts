import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { systemIds } from "../../src/base/ids.ts";
import { Scope } from "../../src/base/scope.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { Route } from "../../src/manifest/bottle.ts";
import { type Hold, type HoldQueue, makeHoldQueue } from "../../src/supervise/hold-queue.ts";
import {
  connectTlsTunnel,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  sendTls,
  until,
  type World,
} from "../socket/egress/harness.ts";

const HOST = "notes.example.com";
const TARGET = `${HOST}:443`;
const SECRET = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
/** Made here, so that no token stands in this file. */
const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const OTHER = ["gh", "p_", "zY8xW6vU4tS2rQ0pN9mL7kJ5hG3fE1dCbA2c"].join("");

const SUPERVISE: Route["dlp"] = {
  ...{
    outboundDetectors: undefined,
    inboundDetectors: undefined,
    inboundOnMatch: "warn",
    outboundOnMatch: "supervise",
  },
};

const scopes: Scope[] = [];
afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close();
});

type Held = {
  readonly world: World;
  readonly queue: HoldQueue;
  readonly arrived: string[];
  readonly events: JournalEvent[];
  /** The next thing that waits. */
  next(): Promise<Hold>;
};

async function hold(over: Partial<Route> = {}, parts: { attended?: boolean; waitMs?: number } = {}): Promise<Held> {
  const scope = new Scope();
  scopes.push(scope);
  const arrived: string[] = [];
  const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      arrived.push(`${request.url} ${Buffer.concat(pieces).toString("latin1")}`);
      response.end("noted");
    });
  });
  const events: JournalEvent[] = [];
  const queue = makeHoldQueue({
    ...{ attended: parts.attended ?? true, clock: systemClock, ids: systemIds, waitMs: parts.waitMs ?? 60_000 },
    journal: (event) => events.push(event),
  });
  scope.defer("queue", () => queue.close());
  const world = await openWorld(
    scope,
    { routes: [plain(makeRoute(HOST, over))], resolve: [pin(HOST, origin)] },
    { known: [{ name: "API_TOKEN", value: SECRET }], supervisor: queue },
  );
  const next = async () => {
    await until("something waits", () => queue.waiting().length > 0);
    const [first] = queue.waiting();
    if (first === undefined) throw new Error("nothing waits");
    return first;
  };
  return { world, queue, arrived, events, next };
}

function post(body: string | Buffer, path = "/x"): string {
  const bytes = Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return `${head}${bytes.toString("latin1")}`;
}

describe("a request with a token in it, on a route that is supervised", () => {
  test("leaves when it was approved and not before; the value passes from then on, another one waits again", async () => {
    const { world, queue, arrived, next } = await hold();
    const answer = sendTls(world, TARGET, post(`key ${TOKEN}`));
    const { id, title, about, findings } = await next();
    expect({ title, about, findings }).toEqual({
      title: `POST https://${HOST}/x`,
      about: { method: "POST", host: HOST, port: "443", path: "/x" },
      findings: [{ detector: "github-token", place: "body", excerpt: "ghp_… (40 characters)" }],
    });
    expect(arrived).toEqual([]);
    queue.answer(id, { kind: "approve" }, "the test");
    expect(await answer).toContain("200 OK");
    expect(arrived).toEqual([`/x key ${TOKEN}`]);
    expect(await sendTls(world, TARGET, post(JSON.stringify({ again: `é ${TOKEN}` })))).toContain("200 OK");
    const other = sendTls(world, TARGET, post(`${TOKEN} and ${OTHER}`));
    const waits = await next();
    expect(waits.findings).toHaveLength(1);
    queue.answer(waits.id, { kind: "reject", reason: undefined }, "the test");
    expect(await other).toContain("egress/rejected");
    expect(arrived).toHaveLength(2);
  });

  test.each([
    [{}, `requests to ${HOST}`],
    [{ host: "*.example.com", ports: [443, 8443] }, "requests to any host under example.com, port 443 or 8443"],
  ])("says where an approval would count: route %j", async (over, covers) => {
    const { world, queue, next } = await hold(over);
    const answer = sendTls(world, TARGET, post(`key ${TOKEN}`));
    const waits = await next();
    expect(waits.covers).toBe(covers);
    queue.answer(waits.id, { kind: "approve" }, "the test");
    expect(await answer).toContain("200 OK");
  });

  test("is refused with the operator's reason, which the agent can read and a terminal cannot be moved by", async () => {
    const { world, queue, arrived, next } = await hold();
    const answer = sendTls(world, TARGET, post(`key ${TOKEN}`));
    queue.answer((await next()).id, { kind: "reject", reason: "use the \u001b[31mtest account" }, "the test");
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
    expect(text).toContain("the operator rejected this request: use the \\\\x1b[31mtest account");
    expect(arrived).toEqual([]);
  });

  test("is refused when nobody answers in time, and says so", async () => {
    const { world, arrived } = await hold({}, { waitMs: 50 });
    const text = await sendTls(world, TARGET, post(`key ${TOKEN}`));
    expect(text).toContain("egress/not-answered");
    expect(text).toContain("nobody answered within");
    expect(arrived).toEqual([]);
  });

  test("no longer waits when its client is gone: nothing is left to approve", async () => {
    const { world, queue, arrived, events, next } = await hold();
    const tls = await connectTlsTunnel(world, TARGET);
    tls.write(post(`key ${TOKEN}`));
    const { id } = await next();
    tls.destroy();
    await until("it is withdrawn", () => queue.waiting().length === 0);
    expect(queue.answer(id, { kind: "approve" }, "the test")).toBe(false);
    expect(events.at(-1)).toMatchObject({ kind: "hold-ended", outcome: "withdrawn" });
    expect(arrived).toEqual([]);
  });

  test("is one question for all values in it, in its head and then in its body", async () => {
    const { world, queue, arrived, next } = await hold();
    const answer = sendTls(world, TARGET, post(`a ${TOKEN} b ${OTHER} c ${TOKEN}`, `/x?t=${TOKEN}`));
    const head = await next();
    expect(head.findings).toEqual([expect.objectContaining({ place: "request line or headers" })]);
    expect(head.title).not.toContain(TOKEN);
    queue.answer(head.id, { kind: "approve" }, "the test");
    await until("the body waits", () => queue.waiting().some(({ id }) => id !== head.id));
    const body = await next();
    expect(body.findings).toHaveLength(1); // the one of the head is approved by now
    queue.answer(body.id, { kind: "approve" }, "the test");
    expect(await answer).toContain("200 OK");
    expect(arrived).toHaveLength(1);
  });
});

describe("nobody is asked, and nothing leaves,", () => {
  const packed = Buffer.from(`x ${TOKEN} y`).toString("base64");
  test.each([
    ["for a secret of the bottle", post(`key ${SECRET}`), SECRET],
    ["for a secret of the bottle beside a token", post(`key ${TOKEN} ${SECRET}`), SECRET],
    ["for a secret of the bottle in the head", post("", `/${SECRET}?t=${TOKEN}`), SECRET],
    ["for a token that is hidden in an encoding", post(packed), packed],
    ["for a token that is spelled backwards", post([...TOKEN].reverse().join("")), TOKEN],
    ["for a token that is split over parameters", post("", `/x?a=${TOKEN.slice(0, 20)}&b=${TOKEN.slice(20)}`), TOKEN],
  ])("%s", async (_, request, what) => {
    const { world, queue, arrived } = await hold();
    expect(await sendTls(world, TARGET, request)).toContain("egress/secret-in-request");
    expect(queue.waiting()).toEqual([]);
    expect(arrived.join("")).not.toContain(what);
  });

  test("for a body that is on its way already, unless its value was approved before", async () => {
    const { world, queue, arrived, next } = await hold();
    const filler = "text and more text\n".repeat(500_000);
    expect(await sendTls(world, TARGET, post(`${filler}${TOKEN}`))).toContain("egress/secret-in-request");
    expect(queue.waiting()).toEqual([]);
    expect(arrived).toEqual([]);
    const small = sendTls(world, TARGET, post(TOKEN));
    queue.answer((await next()).id, { kind: "approve" }, "the test");
    await small;
    expect(await sendTls(world, TARGET, post(`${filler}${TOKEN}`))).toContain("200 OK");
    expect(await sendTls(world, TARGET, post(`${filler}${TOKEN} ${OTHER}`))).toContain("egress/secret-in-request");
    expect(arrived).toHaveLength(2);
  });

  test("where the manifest does not say so and nobody watches; where it does, it waits all the same", async () => {
    const unwatched = await hold({}, { attended: false });
    expect(await sendTls(unwatched.world, TARGET, post(TOKEN))).toContain("egress/secret-in-request");
    const written = await hold({ dlp: SUPERVISE }, { attended: false });
    const answer = sendTls(written.world, TARGET, post(TOKEN));
    written.queue.answer((await written.next()).id, { kind: "approve" }, "the test");
    expect(await answer).toContain("200 OK");
  });
});

test("an approved value hides nothing behind it, however often it is repeated", async () => {
  const { world, queue, arrived, next } = await hold();
  const first = sendTls(world, TARGET, post(TOKEN));
  queue.answer((await next()).id, { kind: "approve" }, "the test");
  await first;
  const many = `${TOKEN}\n`.repeat(150);
  const other = sendTls(world, TARGET, post(`${many}${OTHER}`));
  const waits = await next();
  queue.answer(waits.id, { kind: "reject", reason: undefined }, "the test");
  expect(await other).toContain("egress/rejected");
  const nested = Buffer.from(`${many}${OTHER}`).toString("base64");
  expect(await sendTls(world, TARGET, post(nested))).toContain("egress/secret-in-request");
  expect(await sendTls(world, TARGET, post(`${TOKEN} ${SECRET}`))).toContain("egress/secret-in-request");
  expect(await sendTls(world, TARGET, post(`${TOKEN}\n`.repeat(5_000)))).toMatch(/egress\/secret-in-request/);
  expect(arrived).toEqual([`/x ${TOKEN}`]);
});

test("neither the queue nor the journal holds the value", async () => {
  const { world, queue, events, next } = await hold();
  const answer = sendTls(world, TARGET, post(`key ${TOKEN}`, `/files/${TOKEN}`));
  await next();
  const seen = JSON.stringify([queue.waiting(), events, world.events]);
  expect(seen).not.toContain(TOKEN);
  expect(seen).not.toContain(TOKEN.slice(4, 16));
  for (const { id } of queue.waiting()) queue.answer(id, { kind: "reject", reason: undefined }, "the test");
  await answer;
});

test("a websocket message waits, and the connection goes on after it", async () => {
  const { createHash } = await import("node:crypto");
  const { world, queue, next } = await hold({ inboundCredentials: "pass" });
  const got: Buffer[] = [];
  const scope = new Scope();
  scopes.push(scope);
  const origin = await openHttpsOrigin(scope, HOST, () => {});
  origin.server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", (bytes: Buffer) => got.push(bytes));
    socket.on("error", () => {});
  });
  const talk = await openWorld(
    scope,
    { routes: [plain(makeRoute(HOST))], resolve: [pin(HOST, origin)] },
    { supervisor: queue },
  );
  expect(world.bugs).toEqual([]);
  const tls = await connectTlsTunnel(talk, TARGET);
  tls.write(
    `GET /socket HTTP/1.1\r\nHost: ${HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await once(tls, "data");
  const frame = (text: string) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([0x81, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
  };
  tls.write(frame(`key ${TOKEN}`));
  const { id, findings } = await next();
  expect(findings).toMatchObject([{ place: "websocket message" }]);
  expect(got).toEqual([]);
  queue.answer(id, { kind: "approve" }, "the test");
  await until("it arrived", () => Buffer.concat(got).includes(TOKEN));
  tls.write(frame("more"));
  await until("the next one too", () => Buffer.concat(got).includes("more"));
  tls.destroy();
});
