import { expect, test } from "vitest";
import { type Arrival, findDestination } from "./1-accept/destination.ts";
import type { CompiledRoute } from "./2-route/compiled-policy.ts";
import { describeArrival, type KnownHead, makeKnownHeads } from "./known-heads.ts";
import { parseAuthority } from "./wire/authority.ts";
import { parseRequestHead } from "./wire/request-head.ts";

const TEXT = "GET /a HTTP/1.1\r\nHost: a.example.com";
const tunnel = (host: string, secure = true, serverName: string | undefined = host): Arrival => {
  return { kind: "tunnel", to: parseAuthority(host, 443), secure, serverName };
};

test("a head is known on a connection that says exactly the same, and there alone", () => {
  const heads = makeKnownHeads();
  const from = describeArrival(tunnel("a.example.com"));
  const known = makeKnown(TEXT);
  heads.keep(TEXT, from, known);
  expect(heads.find(TEXT, from)).toBe(known);
  for (const other of [
    tunnel("b.example.com"),
    tunnel("a.example.com", false),
    tunnel("a.example.com", true, "b.example.com"),
    { kind: "proxy" } as const,
  ]) {
    expect(heads.find(TEXT, describeArrival(other))).toBeUndefined();
  }
  for (let at = 0; at < TEXT.length; at++) {
    expect(heads.find(`${TEXT.slice(0, at)}~${TEXT.slice(at + 1)}`, from)).toBeUndefined();
  }
  expect(heads.find(`${TEXT} `, from)).toBeUndefined();
});

test("only so many are known, and none that is long", () => {
  const heads = makeKnownHeads();
  const long = `${TEXT}\r\nX: ${"x".repeat(5_000)}`;
  heads.keep(long, "", makeKnown(long));
  expect(heads.find(long, "")).toBeUndefined();
  heads.keep(TEXT, "", makeKnown(TEXT));
  for (let more = 0; more < 255; more++) heads.keep(`${TEXT}${more}`, "", makeKnown(TEXT));
  expect(heads.find(TEXT, "")).toBeDefined();
  heads.keep(`${TEXT}x`, "", makeKnown(TEXT));
  expect(heads.find(TEXT, "")).toBeDefined(); // it was asked for since
  expect(heads.find(`${TEXT}0`, "")).toBeUndefined();
});

function makeKnown(text: string): KnownHead {
  const head = parseRequestHead(text);
  const destination = findDestination(head, tunnel("a.example.com"));
  if (destination.kind === "refuse") throw new Error("refused");
  const compiled: CompiledRoute = {
    ...{ index: 0, credential: undefined, agent: undefined, matches: [] },
    route: {
      ...{ host: "a.example.com", ports: [443], matches: [], auth: undefined, inboundCredentials: "refuse" },
      ...{ git: { fetch: false }, allowPrivate: false, at: { file: "t.md", line: 1 } },
      dlp: {
        ...{ outboundDetectors: undefined, inboundDetectors: undefined },
        ...{ inboundOnMatch: "warn", outboundOnMatch: undefined },
      },
      limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
    },
  };
  return { kind: "leaves", head, destination, leaving: { head, destination, compiled, fields: head.fields } };
}
