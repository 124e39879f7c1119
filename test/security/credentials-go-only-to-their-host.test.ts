import { createServer } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { Scope } from "../../src/base/scope.ts";
import { makeCertificateAuthority } from "../../src/egress/authority/certificate-authority.ts";
import { parseHost } from "../../src/egress/wire/host.ts";
import { type GuardedBottle, openGuardedBottle } from "../fixtures/guarded-bottle.ts";
import { WHO } from "../fixtures/local-bottle.ts";
import {
  BEARER,
  listen,
  makeRoute,
  openHttpOrigin,
  openHttpsOrigin,
  pin,
  plain,
  TOKEN,
  withCredential,
} from "../socket/egress/harness.ts";

const scope = new Scope();
/** Credentials that each origin was sent, by its name */
const sent = new Map<string, (string | undefined)[]>();
let guarded: GuardedBottle;

const record = (name: string, value: string | undefined) => sent.set(name, [...(sent.get(name) ?? []), value]);

beforeAll(async () => {
  const api = await openHttpsOrigin(scope, "api.example.test", (request, response) => {
    record("api", request.headers.authorization);
    record("api-key", request.headers["x-api-key"]?.toString());
    record("api-cookie", request.headers.cookie);
    response.end("api");
  });
  const other = await openHttpsOrigin(scope, "other.example.test", (request, response) => {
    record("other", request.headers.authorization);
    response.end("other");
  });
  const clear = await openHttpOrigin(scope, (request, response) => {
    record("clear", request.headers.authorization);
    response.end("clear");
  });
  const stranger = await (await makeCertificateAuthority("stranger", systemClock)).issue(
    parseHost("fake.example.test"),
  );
  const fake = createServer({ key: stranger.keyPem, cert: stranger.certificatePem }, (request, response) => {
    record("fake", request.headers.authorization);
    response.end("fake");
  });
  guarded = await openGuardedBottle({
    routes: [
      withCredential(makeRoute("api.example.test", { auth: BEARER })),
      withCredential(makeRoute("fake.example.test", { auth: BEARER })),
      withCredential(makeRoute("clear.example.test", { auth: BEARER, ports: [443, 8080] })),
      plain(makeRoute("other.example.test")),
    ],
    resolve: [
      pin("api.example.test", api),
      pin("other.example.test", other),
      pin("clear.example.test", clear),
      { name: "fake.example.test", address: "127.0.0.1", port: await listen(fake, scope) },
    ],
  });
  scope.defer("guarded", () => guarded.close());
});
afterAll(() => scope.close());

const curl = async (...argv: readonly string[]) =>
  (await guarded.run(["curl", "-sS", "--max-time", "20", ...argv])).stdout;
const refusalOf = async (...argv: readonly string[]): Promise<unknown> => {
  const { error }: { error?: { code?: unknown } } = JSON.parse(await curl(...argv));
  return error?.code;
};

describe(`as ${WHO}: a route's credential goes to its own server, verified, and nowhere else`, () => {
  test("it does go there, and the agent's own key does not ride along", async () => {
    const own = [
      "-H",
      "Authorization: Bearer attackers-own",
      "-H",
      "X-Api-Key: attackers-own",
      "-b",
      "s=attackers-own",
    ];
    expect(await curl(...own, "https://api.example.test/")).toBe("api");
    expect(sent.get("api")).toEqual([`Bearer ${TOKEN}`]);
    expect(sent.get("api-key")).toEqual([undefined]);
    expect(sent.get("api-cookie")).toEqual([undefined]);
  });

  test.each([
    ["over plaintext", "egress/plaintext", ["http://clear.example.test:8080/"]],
    ["over plaintext on a port of TLS", "egress/plaintext", ["http://clear.example.test:443/"]],
    ["to a port that its route does not name", "egress/port-not-allowed", ["https://api.example.test:8443/"]],
    ["to a server with a certificate of a stranger", "egress/upstream-untrusted", ["https://fake.example.test/"]],
    [
      "to another host by a forged Host header",
      "egress/name-mismatch",
      ["-H", "Host: api.example.test", "https://other.example.test/"],
    ],
    [
      "to another host by another name in the handshake",
      "egress/name-mismatch",
      ["-k", "--connect-to", "api.example.test:443:other.example.test:443", "https://api.example.test/"],
    ],
    [
      "with a key of the agent's own where none is added",
      "egress/credential-in-request",
      ["-H", "Authorization: Bearer attackers-own", "https://other.example.test/"],
    ],
  ])("never %s", async (_what, code, argv) => {
    const before = JSON.stringify([...sent]);
    expect(await refusalOf(...argv)).toBe(code);
    expect(JSON.stringify([...sent])).toBe(before); // no server was sent anything
    expect((await guarded.readEvents()).at(-1)).toContain(code);
  });

  test("a route without one adds none", async () => {
    expect(await curl("https://other.example.test/")).toBe("other");
    expect(sent.get("other")).toEqual([undefined]);
    expect(sent.get("fake")).toBeUndefined();
    expect(sent.get("clear")).toBeUndefined();
  });
});
