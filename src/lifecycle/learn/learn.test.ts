import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { explainRequest } from "../../egress/explain-request.ts";
import type { JournalEntry } from "../../journal/event.ts";
import { resolveRoute } from "../../manifest/resolve-route.ts";
import { egress } from "../../manifest/written/egress.ts";
import { readAskedFor } from "./asked-for.ts";
import { proposeRoutes } from "./propose-routes.ts";
import { renderBlock } from "./render-block.ts";

type Refusal = { readonly host: string; readonly path: string; readonly method?: string } & Partial<{
  readonly code: string;
  readonly rule: string;
  readonly port: number;
  readonly scheme: "http" | "https";
}>;

function entry(refusal: Refusal, seq: number): JournalEntry {
  const event: JournalEntry["event"] = {
    kind: "egress-refusal",
    ...{ code: "egress/host-not-allowed", rule: "no route", unwritten: 0 },
    ...{ method: "GET", scheme: "https", port: 443 },
    ...refusal,
  };
  return { seq, time: "2026-01-01T00:00:00.000Z", event, prev: "", hash: "" };
}

function learnFrom(refusals: readonly Refusal[]): string {
  const { asked, notProposed } = readAskedFor(refusals.map(entry));
  return renderBlock(proposeRoutes(asked), notProposed);
}

/** The block as the manifest reads it, ready to decide about requests. */
function decider(block: string) {
  const written = egress.parse((parse(block) as { readonly egress: unknown }).egress);
  const at = { path: "", file: "dev.md", line: 1, column: 1 };
  const routes = (written.routes ?? []).map((one) => ({
    route: resolveRoute(one, at, "/home/ada"),
    credential: undefined,
  }));
  return (method: string, url: string) =>
    explainRequest({ method, url, headers: [] }, routes, undefined)?.verdict.kind === "pass";
}

const HOST = "files.example.com";
const get = (path: string): Refusal => ({ host: HOST, path });

describe("the routes that are proposed", () => {
  test("few paths one by one, many by what they have in common, methods apart", () => {
    const block = learnFrom([
      ...["/v1/a", "/v1/b"].map(get),
      ...["/x/1", "/x/2", "/x/3", "/x/4/5"].map((path) => ({ host: "api.example.com", path, method: "POST" })),
      { host: "api.example.com", path: "/status" },
      { host: "plain.example.com", path: "/", scheme: "http", port: 80 },
    ]);
    expect(
      block,
    ).toBe(`# What was asked for and refused. Whoever was in the bottle chose these names: leave out what you do not know.
egress:
  routes:
    # 5 kinds of request
    - host: api.example.com
      matches:
        - methods: [GET]
          paths:
            - { type: exact, value: /status }
        - methods: [POST]
          paths:
            - { type: prefix, value: /x }
    # 2 kinds of request
    - host: files.example.com
      matches:
        - methods: [GET]
          paths:
            - { type: exact, value: /v1/a }
            - { type: exact, value: /v1/b }
    # 1 kind of request
    # port 80 is plain HTTP: who is on the way reads it and can change it
    - host: plain.example.com
      ports: [80]
      matches:
        - methods: [GET]
          paths:
            - { type: exact, value: / }
`);
    const passes = decider(block);
    expect(passes("POST", "https://api.example.com/x/9")).toBe(true);
    expect(passes("POST", "https://api.example.com/status")).toBe(false);
    expect(passes("GET", "https://files.example.com/v1/c")).toBe(false);
  });

  test("a path that holds a key goes on as a prefix, and the key is nowhere", () => {
    const token = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
    const block = learnFrom([get("/users/[40]/files"), get("/u/[secret API_TOKEN]/x"), get(`/t/${token}`)]);
    expect(block).toContain("{ type: prefix, value: /users }");
    expect(block).toContain("{ type: prefix, value: /u }");
    expect(block).toContain("{ type: prefix, value: /t }");
    expect(block).not.toMatch(/API_TOKEN|\[40\]|ghp_/);
  });

  test("a preset is named where it would do, and a fetch by git is proposed whole", () => {
    expect(learnFrom([{ host: "registry.npmjs.org", path: "/left-pad" }])).toContain("# or instead: presets: [npm]");
    const block = learnFrom([{ host: "git.example.com", path: "/a/b.git/info/refs", code: "egress/git-fetch" }]);
    expect(block).toContain("git: { fetch: true }");
    const passes = decider(block);
    expect(passes("GET", "https://git.example.com/a/b.git/info/refs?service=git-upload-pack")).toBe(true);
    expect(passes("POST", "https://git.example.com/a/b.git/git-upload-pack")).toBe(true);
    expect(passes("GET", "https://git.example.com/a/b.git/info/refs?service=git-receive-pack")).toBe(false);
  });

  test("beside a wildcard the wildcard is written again, so that nothing becomes narrower", () => {
    const rule = "*.example.com: matches";
    const block = learnFrom([{ ...get("/v2"), code: "egress/request-not-allowed", rule }]);
    expect(block).toContain('- host: "*.example.com"');
    const forged = learnFrom([{ ...get("/v2"), code: "egress/request-not-allowed", rule: "*.evil.net: matches" }]);
    expect(forged).toContain("- host: files.example.com");
  });
});

describe("nothing is proposed", () => {
  test.each<readonly [string, Refusal]>([
    ["for a private address", { host: "10.1.2.3", path: "/" }],
    ["for the metadata service", { host: "169.254.169.254", path: "/latest" }],
    ["for an address of the internet", { host: "93.184.216.34", path: "/" }],
    ["for this machine", { host: "localhost", path: "/" }],
    ["for a name of its network", { host: "db.internal", path: "/" }],
    ["for a name without a dot", { host: "intranet", path: "/" }],
    ["for a push", { ...get("/a.git/info/refs"), code: "egress/git-push" }],
    ["for a secret in a request", { ...get("/"), code: "egress/secret-in-request" }],
    ["for a name that leads to a private address", { ...get("/"), code: "egress/private-address" }],
    ["for a name that is data", { host: "4a6f686e20446f65206973206865726521.evil.example.net", path: "/" }],
    ["for a name with a secret", { host: "[secret API_TOKEN].evil.example.net", path: "/" }],
    ["where nobody saw what was asked", { host: "a.example.com", path: "/", method: "CONNECT" }],
  ])("%s", (_, refusal) => {
    const block = learnFrom([refusal]);
    expect(block).toContain("  routes: []");
    expect(block).toMatch(/^# not proposed: /m);
    expect(block).not.toMatch(/API_TOKEN|4a6f686e/);
    expect(egress.parse((parse(block) as { egress: unknown }).egress).routes).toEqual([]);
  });
});

test("whatever was asked for, the block is a manifest, no text of it is more than a text, and what it names passes", () => {
  const segment = fc.oneof(
    fc.constantFrom("a", "b", "c", "v1", "..", ".", "é", "x y"),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.map(encodeSegment).join("/")}`);
  const refusal = fc.record({
    host: fc.constantFrom("a.example.com", "b.example.com", "c.example.net"),
    path,
    method: fc.constantFrom("GET", "POST", "PUT"),
  });
  fc.assert(
    fc.property(fc.array(refusal, { minLength: 1, maxLength: 12 }), (refusals) => {
      const block = learnFrom(refusals);
      expect(block).not.toMatch(/[^\P{Cc}\n]/u);
      const passes = decider(block);
      for (const one of refusals) {
        // what servers read in different ways stays refused, whatever is written
        const plain = one.path
          .split("/")
          .slice(1)
          .every((part, index, all) => {
            return !["", ".", ".."].includes(part) || (part === "" && index === all.length - 1);
          });
        if (!plain || /%(?:2f|5c|00|0a|0d|25|3b|[01][0-9a-f]|7f)|["<>^`{}\\;?#]/i.test(one.path)) continue;
        if (decodeURIComponent(one.path).includes("\ufffd") || /[\p{Cc}\p{Cf}]/u.test(decodeURIComponent(one.path)))
          continue;
        expect({ ...one, passes: passes(one.method, `https://${one.host}${one.path}`) }).toEqual({
          ...one,
          passes: true,
        });
      }
    }),
  );
});

/** Lone surrogates cannot be encoded. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, ""));
}
