import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSlug } from "../base/ids.ts";
import { plainStyle } from "../base/style.ts";
import { makeEmptyChain, makeEntry, renderLine } from "./chain.ts";
import type { JournalEvent } from "./event.ts";
import { parseEntry } from "./parse-entry.ts";
import { renderEntry, renderItem } from "./render-entry.ts";

const slug = parseSlug("dev-ab0de") ?? expect.fail();
const makeAt = (event: JournalEvent) => makeEntry(makeEmptyChain(slug), new Date("2026-01-02T03:04:05.678Z"), event);

const TARGET = { method: "GET", scheme: "https", host: "api.example.com", port: 443, path: "/v1" } as const;

const EVENTS: readonly JournalEvent[] = [
  { kind: "start", slug, bottle: "dev", backend: "local", argv: ["claude", "--say", "it's me"] },
  { kind: "running", owner: 200_001 },
  { kind: "left-out", paths: [".env", "a b"], total: 5 },
  { kind: "exit", code: 0, signal: undefined, ms: 1234 },
  { kind: "exit", code: undefined, signal: "SIGKILL", ms: 61_234 },
  { kind: "timeout", ms: 60_000 },
  { kind: "failed", code: "launch/failed", message: "bwrap: \u001b]52;c;ZXZpbA==\u0007 no" },
  { kind: "image-given", name: "1-shot.png", bytes: 1234 },
  { kind: "cleaned", what: "guest" },
  { kind: "torn", bytes: 17, sha256: "ab" },
  { kind: "egress-request", ...TARGET, status: 200, ms: 120, bytes: { out: 0, in: 5 } },
  { kind: "egress-request", ...TARGET, port: 8443, status: 404, ms: 120, bytes: { out: 7, in: 0 } },
  { kind: "egress-refusal", code: "egress/host-not-allowed", rule: "no route", unwritten: 0, ...TARGET },
  {
    kind: "egress-refusal",
    code: "egress/plaintext",
    rule: "tunnel",
    unwritten: 3,
    method: "CONNECT",
    host: "a.b",
    port: 443,
  },
  { kind: "egress-refusal", code: "egress/bad-request", rule: "HTTP/1.1, read strictly", unwritten: 0 },
];

describe("renderEntry", () => {
  test("one line for every kind of event", () => {
    expect(EVENTS.map((event) => renderEntry(makeAt(event), plainStyle)).join("\n")).toMatchInlineSnapshot(`
      "2026-01-02 03:04:05Z  start     dev-ab0de from dev on local: claude --say 'it'\\''s me'
      2026-01-02 03:04:05Z  running   the command runs; its files belong to uid 200001
      2026-01-02 03:04:05Z  left-out  5 not copied: .env, a b and 3 more
      2026-01-02 03:04:05Z  exit      exit code 0 after 1.2 s
      2026-01-02 03:04:05Z  exit      ended by SIGKILL after 61 s
      2026-01-02 03:04:05Z  timeout   ended by its time limit after 60 s
      2026-01-02 03:04:05Z  failed    bwrap: \\x1b]52;c;ZXZpbA==\\x07 no (launch/failed)
      2026-01-02 03:04:05Z  image-given  1-shot.png, 1234 bytes, dropped on its terminal
      2026-01-02 03:04:05Z  cleaned   guest
      2026-01-02 03:04:05Z  torn      a crash cut the 17 bytes before this short
      2026-01-02 03:04:05Z  egress-request  GET https://api.example.com/v1 → 200 after 0.1 s
      2026-01-02 03:04:05Z  egress-request  GET https://api.example.com:8443/v1 → 404 after 0.1 s
      2026-01-02 03:04:05Z  egress-refusal  GET https://api.example.com/v1 refused: egress/host-not-allowed (no route)
      2026-01-02 03:04:05Z  egress-refusal  CONNECT a.b:443 refused: egress/plaintext (tunnel), and 3 more before it
      2026-01-02 03:04:05Z  egress-refusal  a connection refused: egress/bad-request (HTTP/1.1, read strictly)"
    `);
  });

  test("nothing from a bottle reaches the terminal as anything but text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const line = renderEntry(
          makeAt({ kind: "start", slug, bottle: text, backend: "local", argv: [text] }),
          plainStyle,
        );
        expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
      }),
    );
  });
});

describe("parseEntry", () => {
  test.each(EVENTS)("reads back what was written: $kind", (event) => {
    const entry = makeAt(event);
    expect(parseEntry(renderLine(entry))).toEqual({ kind: "entry", entry });
  });

  test.each([
    "",
    "{}",
    '{"event":{"kind":"toString"}}',
    renderLine(makeAt({ kind: "timeout", ms: 1 })).replace('"ms":1', '"ms":"1"'),
  ])("%j is shown as unreadable", (line) => {
    expect(parseEntry(line)).toEqual({ kind: "unreadable", line });
    expect(renderItem(parseEntry(line), plainStyle)).toBe(`unreadable ${line}`);
  });

  test("never throws", () => {
    fc.assert(fc.property(fc.json(), (line) => void parseEntry(line)));
  });
});
