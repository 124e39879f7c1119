import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSlug } from "../base/ids.ts";
import { SecretValue } from "../base/secret-value.ts";
import { parseWardenSpec } from "./parse-spec.ts";
import type { WardenSpec } from "./spec.ts";
import { secretsOf } from "./spec.ts";
import { renderWardenSpec } from "./spec-message.ts";

const ROUTE = {
  host: "api.example.com",
  ports: [443],
  matches: [{ paths: [{ type: "prefix", value: "/v1" }], methods: ["GET"], headers: [] }],
  inboundCredentials: "strip",
  git: { fetch: false },
  dlp: {
    outboundDetectors: undefined,
    inboundDetectors: undefined,
    inboundOnMatch: "warn",
    outboundOnMatch: undefined,
  },
  allowPrivate: false,
  limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
  at: { file: "dev.md", line: 1 },
} as const;

function makeSpec(secret: string, hidden = "h"): WardenSpec {
  return {
    slug: parseSlug("dev-ab0de") ?? expect.fail(),
    journal: "/home/ada/.bot-bottle/state/dev-ab0de/journal.jsonl",
    control: "/home/ada/.bot-bottle/state/dev-ab0de/control.sock",
    attended: true,
    git: undefined,
    hidden: [new SecretValue("HIDDEN", hidden)],
    egress: {
      routes: [
        {
          route: { ...ROUTE, auth: { scheme: "Bearer", tokenRef: { kind: "env", variable: "TOKEN" } } },
          credential: new SecretValue("TOKEN", secret),
        },
        { route: { ...ROUTE, host: "b.example.com", auth: undefined }, credential: undefined },
      ],
      resolve: [{ name: "api.example.com", address: "127.0.0.1", port: 8443 }],
      extraCaPem: undefined,
      upstreamProxy: undefined,
      log: "requests",
      limits: {
        connections: 1,
        headTimeoutMs: 2,
        idleTimeoutMs: 3,
        maxHeadBytes: 4,
        maxBodyBytes: undefined,
        holdTimeoutMs: 6,
        connectTimeoutMs: 5,
      },
    },
  };
}

const valuesOf = (spec: WardenSpec) => secretsOf(spec).map((secret) => [secret.name, secret.expose("test")]);

describe("the message that makes a warden", () => {
  test("carries any secret over, as a value that refuses to be printed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (secret) => {
        const read = parseWardenSpec(renderWardenSpec(makeSpec(`x${secret}y`))) ?? expect.fail();
        expect(valuesOf(read)).toEqual(valuesOf(makeSpec(`x${secret}y`)));
      }),
    );
    const read = parseWardenSpec(renderWardenSpec(makeSpec("planted-value")));
    expect(inspect(read, { depth: 9 }) + JSON.stringify(read)).not.toContain("planted-value");
  });

  test("comes out as it went in", () => {
    const spec = makeSpec("t");
    const read = parseWardenSpec(renderWardenSpec(spec));
    expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify(spec)));
  });

  test("means nothing when it was cut anywhere", () => {
    const message = renderWardenSpec(makeSpec("t"));
    for (let length = 0; length < message.length; length++) {
      expect(parseWardenSpec(message.slice(0, length))).toBeUndefined();
    }
  });

  test.each([
    ["a credential that is no secret", (text: string) => text.replace('{"$secret":["TOKEN","t"]}', '"t"')],
    [
      "a route with auth and no credential",
      (text: string) => text.replace(',"credential":{"$secret":["TOKEN","t"]}', ""),
    ],
    ["a credential that no route asked for", (text: string) => text.replace(/,"auth":\{.*?\}\}/, "")],
    ["no list of routes", (text: string) => text.replace('"routes"', '"paths"')],
    ["no limit of connections", (text: string) => text.replace('"connections"', '"connects"')],
    ["a slug that is none", (text: string) => text.replace("dev-ab0de", "../../etc")],
  ])("means nothing with %s", (_what, change) => {
    const message = renderWardenSpec(makeSpec("t"));
    expect(parseWardenSpec(message)).toBeDefined();
    expect(change(message)).not.toBe(message);
    expect(parseWardenSpec(change(message))).toBeUndefined();
  });

  test("never throws", () => {
    fc.assert(fc.property(fc.json(), (text) => void parseWardenSpec(text)));
    fc.assert(fc.property(fc.string(), (text) => void parseWardenSpec(text)));
  });
});
