import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { EgressLog, Route } from "../../src/manifest/bottle.ts";
import {
  BEARER,
  TOKEN as CREDENTIAL,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  sendTls,
  withCredential,
} from "../socket/egress/harness.ts";

const HOST = "api.example.com";
const SECRET = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
/** Made here, so that no token stands in this file. */
const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const COOKIE = "session-of-somebody-42";

const scopes: Scope[] = [];
afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close();
});

type Requests = readonly Extract<JournalEvent, { kind: "egress-request" }>[];

type Answer = { readonly headers?: Readonly<Record<string, string>>; readonly body: string | Buffer };

/** Sends requests to a server that answers so, and gives what the journal keeps of them. */
async function log(
  level: EgressLog,
  requests: readonly string[],
  answer: Answer = { body: "ok" },
  over: Partial<Route> = {},
): Promise<{ readonly events: Requests; readonly text: string }> {
  const scope = new Scope();
  scopes.push(scope);
  const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(200, { "content-type": "text/plain", ...answer.headers });
      response.end(answer.body);
    });
  });
  const route = makeRoute(HOST, {
    inboundCredentials: "pass",
    dlp: { outboundDetectors: [], inboundDetectors: undefined, inboundOnMatch: "warn", outboundOnMatch: undefined },
    ...over,
  });
  const world = await openWorld(
    scope,
    {
      routes: [route.auth === undefined ? plain(route) : withCredential(route)],
      ...{ resolve: [pin(HOST, origin)], log: level },
    },
    {
      known: [
        { name: "API_TOKEN", value: SECRET },
        { name: "TOKEN", value: CREDENTIAL },
      ],
    },
  );
  for (const request of requests) expect(await sendTls(world, `${HOST}:443`, request)).toContain("200 OK");
  const events = world.events.filter((event) => event.kind === "egress-request");
  return { events, text: JSON.stringify(world.events) };
}

function post(body: string, fields = "Content-Type: application/json\r\n", path = "/x"): string {
  const bytes = Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`;
  return `${head}${bytes.toString("latin1")}`;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("what each level keeps", () => {
  test.each<readonly [EgressLog, number, boolean, boolean]>([
    ["refusals", 0, false, false],
    ["requests", 1, false, false],
    ["headers", 1, true, false],
    ["bodies", 1, true, true],
  ])("%s", async (level, count, headers, bodies) => {
    const { events, text } = await log(level, [post('{"question":42}')], { body: "the answer" });
    expect(events).toHaveLength(count);
    expect(events.some(({ sent, received }) => sent?.headers.includes(`Host: ${HOST}`) && received)).toBe(headers);
    expect([text.includes("question"), text.includes("the answer")]).toEqual([bodies, bodies]);
    if (bodies)
      expect(events[0]).toMatchObject({ sent: { body: '{"question":42}' }, received: { body: "the answer" } });
  });
});

describe("no secret is in it", () => {
  test("neither in headers nor in queries", async () => {
    const fields = [
      `Authorization: Bearer ${TOKEN}`,
      `Cookie: id=${COOKIE}`,
      `X-Api-Key: ${COOKIE}`,
      `X-Note: a ${TOKEN} b`,
      `X-More: ${base64(`a ${TOKEN} b`)}`,
      `Referer: https://a.example/?t=${COOKIE}`,
    ];
    const answer = {
      headers: {
        "set-cookie": `id=${COOKIE}`,
        location: `https://a.example/?code=${COOKIE}`,
        "x-echo": SECRET,
        etag: '"plain"',
      },
      body: "ok",
    };
    const request = post("{}", `Content-Type: application/json\r\n${fields.join("\r\n")}\r\n`, `/x?t=${COOKIE}`);
    const { events, text } = await log("bodies", [request], answer);
    expect(events[0]?.sent?.headers).toEqual(
      expect.arrayContaining(["Cookie: [25]", "X-Api-Key: [22]", "X-Note: [44]"]),
    );
    expect(events[0]?.received?.headers).toEqual(expect.arrayContaining(['etag: "plain"', "x-echo: [33]"]));
    for (const secret of [TOKEN, COOKIE, SECRET, base64(TOKEN).slice(4, 40)]) expect(text).not.toContain(secret);
  });

  test.each([
    ["plainly", (secret: string) => `before ${secret} after`],
    ["as base64", (secret: string) => `before ${base64(`x ${secret} y`)} after`],
    [
      "with escapes",
      (secret: string) => `before ${[...secret].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join("")} after`,
    ],
    ["backwards", (secret: string) => `before ${[...secret].reverse().join("")} after`],
  ])("nor in bodies of either direction, %s", async (_, hide) => {
    const { events, text } = await log("bodies", [post(JSON.stringify({ note: hide(TOKEN) }))], { body: hide(SECRET) });
    expect(events).toHaveLength(1);
    for (const secret of [TOKEN, SECRET]) {
      const forms = [
        secret,
        base64(`x ${secret} y`).slice(4, 40),
        hide(secret).slice(8, 40),
        [...secret].reverse().join(""),
      ];
      for (const form of forms) expect(text).not.toContain(form);
    }
  });

  test("nor where a body is cut: what is kept ends before a secret that does", async () => {
    for (const start of [16 * 1024 - 20, 24 * 1024 - 20, 24 * 1024 - 5]) {
      const filler = "some words "
        .repeat(4_000)
        .slice(0, start - 1)
        .concat("\n");
      const { events, text } = await log("bodies", [post(`${filler}${TOKEN} ${filler}`)], {
        body: `${filler}${SECRET}`,
      });
      expect(events[0]?.sent?.body).toMatch(/… \(\d+ bytes\)$/);
      expect([TOKEN, SECRET].filter((secret) => text.includes(secret.slice(0, 8)))).toEqual([]);
    }
    const key = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n".repeat(300)}-----END PRIVATE KEY-----\n`;
    const filler = "some words ".repeat(4_000);
    const body = `${key}${filler.slice(0, 24 * 1024 - 21 - key.length)} ${TOKEN} ${filler}`;
    expect((await log("bodies", [post(body)])).text.includes(TOKEN.slice(0, 8))).toBe(false);
  });

  test("nor in a packed body, nor the credential that was added outside and is echoed", async () => {
    const packed = { headers: { "content-encoding": "gzip" }, body: gzipSync(Buffer.from(`x ${SECRET} y`)) };
    const { events, text } = await log("bodies", [post("{}")], packed);
    expect(events[0]?.received?.body).toBe("x [redacted known-value] y");
    expect(text).not.toContain(SECRET);
    const echoed = await log("bodies", [post("{}", "")], { body: `you are ${CREDENTIAL}` }, { auth: BEARER });
    expect(echoed.events[0]?.received?.body).toBe("you are [redacted known-value]");
    expect(echoed.text).not.toContain(CREDENTIAL);
  });
});

test("what is no text leaves its size, and what is large its beginning, while all of it arrives", async () => {
  const image = { headers: { "content-type": "image/png" }, body: Buffer.alloc(50_000, 7) };
  expect((await log("bodies", [post("{}")], image)).events[0]?.received?.body).toBe("[50000 bytes, no text]");
  const large = "some words ".repeat(20_000);
  const { events } = await log("bodies", [post("{}")], { body: large });
  expect(events[0]?.bytes.in).toBe(large.length);
  expect(events[0]?.received?.body).toHaveLength(16 * 1024 + "… (220000 bytes)".length);
});
