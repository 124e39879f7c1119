import { afterEach, beforeEach, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { compilePolicy } from "../../src/egress/2-route/compiled-policy.ts";
import { makeUpstreamNeeds } from "../../src/egress/5-forward/make-upstream-needs.ts";
import { makeUpstreamPool } from "../../src/egress/5-forward/upstream-pool.ts";
import { probeCredential } from "../../src/egress/probe-credential.ts";
import { makeUpstreamTrust } from "../../src/egress/server/upstream-trust.ts";
import {
  BEARER,
  LIMITS,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  originAuthority,
  pin,
  sendTls,
  TOKEN,
  until,
  withCredential,
} from "./egress/harness.ts";

const HOST = "api.example.com";
const PROBE = { host: HOST, method: "POST", path: "/v1", headers: [], body: "{}" } as const;

let scope: Scope;

beforeEach(() => {
  scope = new Scope();
});

afterEach(() => scope.close());

test("the first request takes the connection that the credential was tried on", async () => {
  const { pool, connections, send, probe } = await open("no");
  expect(await probe()).toEqual({ kind: "answered", status: 400 });
  await until("the connection is kept", () => pool.size === 1);
  expect(await send()).toContain("Bearer sk-test");
  expect(connections()).toBe(1);
});

test.each([
  ["a long answer", "x".repeat(300_000)],
  ["an answer that its server ends with its connection", undefined],
])("after %s another connection is opened", async (_, answer) => {
  const { pool, connections, send, probe } = await open(answer);
  expect(await probe()).toEqual({ kind: "answered", status: 400 });
  expect(await send()).toContain("Bearer sk-test");
  expect(pool.size).toBeLessThan(2);
  expect(connections()).toBe(2);
});

/** A way out and a server that refuses probes with this answer, or hangs up after one. */
async function open(answer: string | undefined) {
  let connections = 0;
  const origin = await openHttpsOrigin(scope, HOST, (request, response) => {
    if (request.url === "/v1") response.writeHead(400, answer === undefined ? { connection: "close" } : {}).end(answer);
    else response.end(request.headers.authorization?.replace(TOKEN, "sk-test"));
  });
  origin.server.on("secureConnection", () => {
    connections++;
  });
  const routes = [withCredential(makeRoute(HOST, { auth: BEARER }))];
  const policy = { routes, resolve: [pin(HOST, origin)] };
  const pool = makeUpstreamPool();
  const world = await openWorld(scope, policy, { pool });
  const extraCaPem = (await originAuthority()).certificatePem;
  const whole = { ...policy, extraCaPem, upstreamProxy: undefined, log: "requests", limits: LIMITS } as const;
  const onOpen = (channel: { destroy(): void }) => scope.defer("probe", () => channel.destroy());
  const needs = makeUpstreamNeeds(whole, makeUpstreamTrust(extraCaPem), onOpen, undefined, pool);
  return {
    pool,
    connections: () => connections,
    probe: () => probeCredential(PROBE, compilePolicy(policy), needs, 5_000),
    send: () => sendTls(world, `${HOST}:443`, `GET /other HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`),
  };
}
