import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ControlReply,
  type ControlRequest,
  parseControlReply,
  parseControlRequest,
  renderControl,
} from "./control-message.ts";
import type { Hold } from "./hold-queue.ts";

const HOLD = {
  kind: "egress-match",
  ...{ id: "h0", title: "GET https://a.example/", about: { host: "a.example" } },
  findings: [{ detector: "github-token", place: "body", excerpt: "ghp_…" }],
  covers: "requests to api.example.com",
  ...{ askedAt: "2026-01-01T00:00:00.000Z", until: "2026-01-01T00:05:00.000Z" },
} as const satisfies Hold;

describe("messages of the control socket", () => {
  test.each<ControlRequest>([
    { kind: "list" },
    { kind: "answer", id: "h0", answer: { kind: "approve" }, by: "uid 1" },
    { kind: "answer", id: "h0", answer: { kind: "reject", reason: "no\nway" }, by: "uid 1" },
    { kind: "answer", id: "h0", answer: { kind: "reject", reason: undefined }, by: "uid 1" },
  ])("a request arrives as it was sent: %j", (request) => {
    const line = renderControl(request);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(parseControlRequest(line)).toEqual(request);
  });

  test("a reply arrives as it was sent", () => {
    const replies: readonly ControlReply[] = [
      { kind: "holds", holds: [HOLD] },
      { kind: "answered" },
      { kind: "not-waiting" },
      { kind: "refused", why: "because" },
    ];
    for (const reply of replies) expect(parseControlReply(renderControl(reply))).toEqual(reply);
  });

  test("another version is told which one is spoken", () => {
    expect(parseControlRequest('{"version":2,"kind":"list"}')).toEqual({
      kind: "refused",
      why: "this warden speaks version 1",
    });
    expect(parseControlReply('{"version":2,"kind":"answered"}')).toBeUndefined();
  });

  test.each([
    "",
    "[]",
    '{"version":1}',
    '{"version":1,"kind":"answer","id":"h0","by":"me"}',
    '{"version":1,"kind":"answer","id":"h0","by":"me","answer":{"kind":"allow"}}',
    '{"version":1,"kind":"answer","id":"h0","by":"me","answer":{"kind":"reject","reason":7}}',
  ])("%s is no request", (line) => expect(parseControlRequest(line)).toMatchObject({ kind: "refused" }));

  test("a reply with a part missing is none", () => {
    for (const field of Object.keys(HOLD)) {
      const hold = Object.fromEntries(Object.entries(HOLD).filter(([name]) => name !== field));
      expect(parseControlReply(JSON.stringify({ version: 1, kind: "holds", holds: [hold] }))).toBeUndefined();
    }
  });

  test("no text makes either side fail", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
        parseControlRequest(text);
        parseControlReply(text);
      }),
    );
  });
});
