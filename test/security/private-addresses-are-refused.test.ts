import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { type GuardedBottle, openGuardedBottle } from "../fixtures/guarded-bottle.ts";
import { WHO } from "../fixtures/local-bottle.ts";
import { makeRoute, type Origin, openHttpOrigin, openHttpsOrigin, pin, plain } from "../socket/egress/harness.ts";

const scope = new Scope();
let guarded: GuardedBottle;
let inner: Origin;

beforeAll(async () => {
  inner = await openHttpOrigin(scope, (_, response) => response.end("inner"));
  const outer = await openHttpsOrigin(scope, "outer.example.test", (_, response) => {
    response.writeHead(302, { location: `http://localhost:${inner.port}/` }).end();
  });
  const ports = [80, 443, inner.port];
  guarded = await openGuardedBottle({
    routes: [
      plain(makeRoute("localhost", { ports })), // a name that the host's resolver leads to its loopback
      plain(makeRoute("127.0.0.1", { ports })),
      plain(makeRoute("169.254.169.254", { ports, allowPrivate: true })),
      plain(makeRoute("10.0.0.1", { ports })),
      plain(makeRoute("::1", { ports })),
      plain(makeRoute("outer.example.test")),
    ],
    resolve: [pin("outer.example.test", outer)],
  });
  scope.defer("guarded", () => guarded.close());
});
afterAll(() => scope.close());

const through = ["curl", "-sSk", "--noproxy", "", "-x", "http://127.0.0.1:9099", "--max-time", "20"];

describe(`as ${WHO}: a route to a private address leads nowhere`, () => {
  test.each(["localhost", "127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"])("%s", async (host) => {
    for (const url of [`http://${host}:${inner.port}/`, `https://${host}/`]) {
      const { stdout } = await guarded.run([...through, url]);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: "egress/private-address" } });
    }
    expect(inner.seen).toEqual([]);
  });

  test("a redirect to one is followed by the client into the same refusal", async () => {
    const { stdout } = await guarded.run([...through, "-L", "https://outer.example.test/"]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "egress/private-address" } });
    expect(inner.seen).toEqual([]);
  });
});
