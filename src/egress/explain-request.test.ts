import { describe, expect, test } from "vitest";
import { SecretValue } from "../base/secret-value.ts";
import type { Route } from "../manifest/bottle.ts";
import { explainRequest } from "./explain-request.ts";

function route(host: string, over: Partial<Route> = {}): Route {
  return {
    ...{ host, ports: [443], matches: [], auth: undefined, inboundCredentials: "refuse", git: { fetch: false } },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    ...{ allowPrivate: false, limits: { bytesPerMinute: undefined, requestsPerMinute: undefined } },
    at: { file: "dev.md", line: 1 },
    ...over,
  };
}

const prefix = (value: string) => ({ paths: [{ type: "prefix", value }], methods: ["GET"], headers: [] }) as const;
const ROUTES = [
  route("*.example.com"),
  route("api.example.com", { matches: [prefix("/v1"), prefix("/v2")] }),
  route("api.example.com", { matches: [{ paths: [], methods: ["POST"], headers: [{ name: "x-a", value: "1" }] }] }),
  route("api.anthropic.com", {
    dlp: { outboundDetectors: [], inboundDetectors: undefined, inboundOnMatch: "warn", outboundOnMatch: undefined },
  }),
];

const ask = (method: string, url: string, headers: readonly string[] = []) =>
  explainRequest(
    { method, url, headers },
    ROUTES.map((one) => ({ route: one, credential: one.auth && new SecretValue("a", "b") })),
    undefined,
  );

describe("what would become of a request", () => {
  test("names the route and the entry by which it passes", () => {
    expect(ask("GET", "https://api.example.com/v2/x?y")).toEqual({
      verdict: { kind: "pass", route: 1, match: 1, detectors: ["known", "tokens"], onToken: "supervise" },
      ...{ host: "api.example.com", routes: [1, 2] },
    });
    expect(ask("POST", "https://API.example.com", ["X-A: 1"])).toMatchObject({ verdict: { route: 2, match: 0 } });
    expect(ask("GET", "https://www.example.com/#part")).toMatchObject({ verdict: { route: 0, match: undefined } });
    expect(ask("GET", "https://api.anthropic.com/")).toMatchObject({
      verdict: { detectors: ["known"], onToken: "redact" },
    });
  });

  test.each([
    ["GET", "https://evil.example.net/", "egress/host-not-allowed", []],
    ["GET", "https://www.example.com:8443/", "egress/port-not-allowed", [0]],
    ["GET", "http://www.example.com/", "egress/port-not-allowed", [0]],
    ["PUT", "https://api.example.com/v1", "egress/request-not-allowed", [1, 2]],
    ["POST", "https://api.example.com/v1", "egress/request-not-allowed", [1, 2]],
    ["GET", "https://api.example.com/v1/../v2", "egress/ambiguous-path", [1, 2]],
    ["GET", "https://www.example.com/a.git/info/refs?service=git-receive-pack", "egress/git-push", [0]],
    ["GET", "https://www.example.com/a.git/info/refs?service=git-upload-pack", "egress/git-fetch", [0]],
    ["GET", "https://user@www.example.com/", "egress/bad-request", []],
    ["GET", "https://[::1%25eth0]/", "egress/bad-request", []],
    ["GE T", "https://www.example.com/", "egress/bad-request", []],
    ["GET", "https://www.example.com/\r\nHost: x", "egress/bad-request", []],
  ])("%s %s is refused: %s", (method, url, code, routes) => {
    expect(ask(method, url)).toMatchObject({ verdict: { kind: "refuse", code }, routes });
  });

  test.each(["api.example.com", "ftp://api.example.com/", "https://", ""])("%j is no URL", (url) => {
    expect(ask("GET", url)).toBeUndefined();
  });
});
