import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { SecretValue } from "../../base/secret-value.ts";
import type { Route, RouteMatch } from "../../manifest/bottle.ts";
import { parseAuthority } from "../wire/authority.ts";
import { makeField } from "../wire/fields.ts";
import { compilePolicy } from "./compiled-policy.ts";
import { decideRequest, type RequestFacts } from "./decide-request.ts";
import { recogniseGit } from "./git-request.ts";
import { matchHostPattern } from "./host-pattern.ts";
import { normalisePath } from "./normal-path.ts";
import { makePathRule } from "./path-rule.ts";

function route(host: string, over: Partial<Route> = {}): Route {
  return {
    host,
    ports: [443],
    matches: [],
    auth: undefined,
    inboundCredentials: "refuse",
    git: { fetch: false },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    allowPrivate: false,
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    at: { file: "t.md", line: 1 },
    ...over,
  };
}

function match(over: Partial<RouteMatch>): RouteMatch {
  return { paths: [], methods: [], headers: [], ...over };
}

function ask(url: string, over: Partial<RequestFacts> = {}): RequestFacts {
  const [, scheme, authority = "", path = "/", query] = /^(https?):\/\/([^/?]+)([^?]*)(?:\?(.*))?$/.exec(url) ?? [];
  return {
    scheme: scheme === "http" ? "http" : "https",
    to: parseAuthority(authority, scheme === "http" ? 80 : 443),
    method: "GET",
    path: path === "" ? "/" : path,
    query,
    fields: [],
    upgrade: undefined,
    ...over,
  };
}

function decide(routes: readonly Route[], request: RequestFacts): string {
  const policy = compilePolicy(
    {
      routes: routes.map((one) => ({
        route: one,
        credential: one.auth === undefined ? undefined : new SecretValue("t", "v"),
      })),
    },
    RE2JS,
  );
  const verdict = decideRequest(policy, request);
  return verdict.kind === "pass" ? `pass ${verdict.route.index}` : verdict.code;
}

test("nothing passes without a route", () => {
  fc.assert(
    fc.property(fc.webUrl(), (url) => {
      const { hostname, pathname } = new URL(url);
      expect(decide([], ask(`https://${hostname}${pathname}`))).toBe("egress/host-not-allowed");
    }),
  );
});

describe("hosts", () => {
  test("a wildcard covers names below, not the name itself nor a look-alike", () => {
    expect(matchHostPattern("*.example.com", "a.example.com")).toBeDefined();
    expect(matchHostPattern("*.example.com", "a.b.example.com")).toBeDefined();
    for (const host of ["example.com", "evilexample.com", ".example.com", "a.example.com.evil.net", "a.example.co"]) {
      expect(matchHostPattern("*.example.com", host), host).toBeUndefined();
    }
  });

  test("an exact pattern fits itself alone", () => {
    fc.assert(
      fc.property(fc.domain(), fc.domain(), (a, b) => {
        expect(matchHostPattern(a, a)).toBeDefined();
        if (a !== b) expect(matchHostPattern(a, b)).toBeUndefined();
        expect(matchHostPattern(`*.${a}`, `x.${a}`)).toBeDefined();
        expect(matchHostPattern(`*.${a}`, `x${a}`)).toBeUndefined();
      }),
    );
  });

  test("an exact route narrows a wildcard and is not widened by it", () => {
    const routes = [route("*.example.com"), route("api.example.com", { matches: [match({ methods: ["GET"] })] })];
    expect(decide(routes, ask("https://www.example.com/", { method: "POST" }))).toBe("pass 0");
    expect(decide(routes, ask("https://api.example.com/"))).toBe("pass 1");
    expect(decide(routes, ask("https://api.example.com/", { method: "POST" }))).toBe("egress/request-not-allowed");
  });
});

test("ports and schemes", () => {
  const routes = [route("a.com", { ports: [80, 443, 8443] })];
  expect(decide(routes, ask("https://a.com:8443/"))).toBe("pass 0");
  expect(decide(routes, ask("https://a.com:22/"))).toBe("egress/port-not-allowed");
  expect(decide(routes, ask("http://a.com/"))).toBe("pass 0");
  expect(decide(routes, ask("http://a.com:443/"))).toBe("egress/plaintext");
  const secret = route("a.com", {
    ports: [80, 443],
    auth: { scheme: "Bearer", tokenRef: { kind: "env", variable: "T" } },
  });
  expect(decide([secret], ask("http://a.com/"))).toBe("egress/plaintext");
});

test("OR across matches, AND inside one, OR within paths and methods", () => {
  const routes = [
    route("a.com", {
      matches: [
        match({
          paths: [
            { type: "exact", value: "/x" },
            { type: "prefix", value: "/p" },
          ],
          methods: ["GET", "head"],
        }),
        match({ methods: ["PUT"], headers: [{ name: "X-Mode", value: "safe" }] }),
      ],
    }),
  ];
  const cases: [string, Partial<RequestFacts>, boolean][] = [
    ["/x", {}, true],
    ["/p/1", { method: "HEAD" }, true],
    ["/pq", {}, false],
    ["/x", { method: "POST" }, false],
    ["/any", { method: "PUT" }, false],
    ["/any", { method: "PUT", fields: [makeField("x-mode", "safe")] }, true],
    ["/any", { method: "PUT", fields: [makeField("x-mode", "safe"), makeField("x-mode", "wild")] }, false],
  ];
  for (const [path, over, passes] of cases) {
    expect(decide(routes, ask(`https://a.com${path}`, over)) === "pass 0", `${over.method ?? "GET"} ${path}`).toBe(
      passes,
    );
  }
});

describe("paths", () => {
  test("what servers read in different ways is ambiguous", () => {
    const odd = [
      "/a/../b",
      "/a/%2e%2e/b",
      "/a/.%2E/b",
      "/./a",
      "/a%2fb",
      "/a%5cb",
      "/a\\b",
      "//a",
      "/a//b",
      "/a%00",
      "/a%0ab",
      "/a%252e",
      "/a;x=1/b",
      "/a%3bx",
      "/%zz",
      "/%ff",
      "/a/..",
    ];
    for (const path of odd) expect(normalisePath(path).kind, path).toBe("ambiguous");
    for (const path of ["/", "/a/b", "/a/", "/a%20b", "/%7euser", "/%C3%A9", "/a.b/..c", "/@scope%40x"]) {
      expect(normalisePath(path).kind, path).toBe("plain");
    }
  });

  test("a plain path cannot leave the prefix it matched, however it is read", () => {
    const segment = fc.constantFrom(
      "a",
      "..",
      ".",
      "%2e%2e",
      "%2E.",
      "",
      "b;c",
      "%2f..",
      "..%2f",
      "%5c..",
      "x%20y",
      "%252e%252e",
    );
    const inside = makePathRule({ type: "prefix", value: "/a" }, undefined);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const raw = `/a/${segments.join("/")}`;
        const normal = normalisePath(raw);
        if (normal.kind === "ambiguous") return;
        expect(inside(new URL(`http://x${raw}`).pathname)).toBe(true);
        expect(inside(new URL(`http://x${decodeURIComponent(raw)}`).pathname)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("ambiguity is refused where paths are ruled, and passes where they are not", () => {
    const ruled = route("a.com", { matches: [match({ paths: [{ type: "prefix", value: "/a" }] })] });
    expect(decide([ruled], ask("https://a.com/a/%2e%2e/b"))).toBe("egress/ambiguous-path");
    expect(decide([route("a.com")], ask("https://a.com/@scope%2fname"))).toBe("pass 0");
  });

  test("a regular expression fits the whole path and cannot hang", () => {
    const rule = makePathRule({ type: "regex", value: "/(a+)+b?" }, RE2JS);
    expect(rule("/aaa")).toBe(true);
    expect(rule("/aaa/x")).toBe(false);
    expect(rule(`/${"a".repeat(50_000)}c`)).toBe(false);
    expect(() => makePathRule({ type: "regex", value: "(?=x)y" }, RE2JS)).toThrow(/linear time/);
    expect(() => makePathRule({ type: "regex", value: "x" }, undefined)).toThrow(/engine/);
  });
});

describe("git", () => {
  const git = (method: string, path: string, query?: string, type?: string) =>
    recogniseGit({ method, path, query, contentTypes: type === undefined ? [] : [type] });

  test("a push is seen in every disguise", () => {
    expect(git("GET", "/r/info/refs", "service=git-receive-pack")).toBe("push");
    expect(git("GET", "/r/info/refs", "a=b&service=%67it%2Dreceive-pack")).toBe("push");
    expect(git("POST", "/r/git-receive-pack")).toBe("push");
    expect(git("POST", "/r/%2567it-receive-pack")).toBe("push");
    expect(git("POST", "/r/GIT-RECEIVE-PACK/.")).toBe("push");
    expect(git("POST", "/other", undefined, "application/x-git-receive-pack-request")).toBe("push");
  });

  test("reading about it is neither", () => {
    expect(git("GET", "/docs/git-receive-pack")).toBeUndefined();
    expect(git("GET", "/search", "q=git-receive-pack")).toBeUndefined();
  });

  test("a fetch needs a route that says so, a push never passes", () => {
    const open = [route("a.com", { git: { fetch: true } })];
    const fetching = ask("https://a.com/r/info/refs?service=git-upload-pack");
    expect(decide(open, fetching)).toBe("pass 0");
    expect(decide([route("a.com")], fetching)).toBe("egress/git-fetch");
    expect(decide(open, ask("https://a.com/r/info/refs?service=git-receive-pack"))).toBe("egress/git-push");
  });
});

test("headers that have a server read another method or path are refused where those are ruled", () => {
  const fields = [makeField("X-HTTP-Method-Override", "DELETE")];
  const ruled = route("a.com", { matches: [match({ methods: ["POST"] })] });
  expect(decide([ruled], ask("https://a.com/", { method: "POST" }))).toBe("pass 0");
  expect(decide([ruled], ask("https://a.com/", { method: "POST", fields }))).toBe("egress/request-not-allowed");
  const asCgi = [makeField("X_HTTP_Method_Override", "DELETE")];
  expect(decide([ruled], ask("https://a.com/", { method: "POST", fields: asCgi }))).toBe("egress/request-not-allowed");
  expect(decide([route("a.com")], ask("https://a.com/", { method: "POST", fields }))).toBe("pass 0");
});

test("TRACE and protocols other than websocket are refused", () => {
  const routes = [route("a.com")];
  expect(decide(routes, ask("https://a.com/", { method: "TRACE" }))).toBe("egress/request-not-allowed");
  expect(decide(routes, ask("https://a.com/", { upgrade: "h2c" }))).toBe("egress/upgrade-not-allowed");
  expect(decide(routes, ask("https://a.com/", { upgrade: "websocket" }))).toBe("pass 0");
});

test("a route whose credential was not resolved does not open", () => {
  const auth: Route["auth"] = { scheme: "Bearer", tokenRef: { kind: "env", variable: "T" } };
  expect(() => compilePolicy({ routes: [{ route: route("a.com", { auth }), credential: undefined }] })).toThrow(
    /credential/,
  );
  const broken = new SecretValue("T", "a\r\nX: y");
  expect(() => compilePolicy({ routes: [{ route: route("a.com", { auth }), credential: broken }] })).toThrow(
    /no header/,
  );
});
