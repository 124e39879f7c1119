import { expect, test } from "vitest";
import type { EgressCase } from "../../eval/egress/case.ts";
import { judgeCase } from "../../eval/egress/judge.ts";
import { renderReport, scoreOf } from "../../eval/egress/report.ts";
import { originAuthority } from "./egress/harness.ts";

const TOKEN = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const REST = { category: "some", transport: "fetch_proxy", tags: [] } as const;
const post = { method: "POST", content_type: "application/json" };

const CASES: readonly (readonly [EgressCase["expected"] | "other", EgressCase])[] = [
  [
    "block",
    { ...REST, id: "query", kind: "url", expected: "block", input: { url: `https://a.example.com/?k=${TOKEN}` } },
  ],
  ["block", { ...REST, id: "private", kind: "url", expected: "block", input: { url: "http://10.0.0.1/" } }],
  ["block", { ...REST, id: "spelling", kind: "url", expected: "block", input: { url: "http://0x7f000001/" } }],
  ["allow", { ...REST, id: "plain", kind: "url", expected: "allow", input: { url: "https://a.example.com/x?y=1" } }],
  [
    "allow",
    {
      ...REST,
      id: "body",
      kind: "request_body",
      expected: "allow",
      input: { ...post, url: "http://a.example.com/", body: "{}" },
    },
  ],
  [
    "block",
    {
      ...REST,
      id: "listed",
      kind: "url",
      tags: ["domain_blocklist"],
      expected: "block",
      input: { url: "https://a.example.com/" },
    },
  ],
  [
    "allow",
    {
      ...REST,
      id: "reply",
      kind: "response_content",
      expected: "allow",
      input: { url: "https://a.example.com/", response_body: "hello" },
    },
  ],
  [
    "block",
    {
      ...REST,
      id: "fragments",
      kind: "websocket_frame",
      transport: "websocket",
      expected: "block",
      input: {
        url: "wss://a.example.com/",
        frames: [
          { opcode: "text", fin: false, payload: TOKEN.slice(0, 9) },
          { opcode: "continuation", fin: true, payload: TOKEN.slice(9) },
        ],
      },
    },
  ],
  [
    "allow",
    {
      ...REST,
      id: "chat",
      kind: "websocket_frame",
      transport: "websocket",
      expected: "allow",
      input: { url: "wss://a.example.com/", frames: [{ opcode: "text", payload: "hello" }] },
    },
  ],
  ["other", { ...REST, id: "shell", kind: "mcp_tool_call", transport: "mcp_stdio", expected: "block", input: {} }],
];

test.each(CASES)("a case is judged by what arrives: %s, %j", async (verdict, one) => {
  const judged = await judgeCase(one, await originAuthority());
  expect(judged).toMatchObject({
    right: true,
    outcome: verdict === "block" ? "contained" : verdict === "allow" ? "passed" : "not claimed",
  });
});

test("a wrong label is a miss, and told", async () => {
  const [, leak] = CASES[3] ?? [];
  const [, refused] = CASES[0] ?? [];
  if (leak === undefined || refused === undefined) throw new Error("no cases");
  const authority = await originAuthority();
  const judged = [
    await judgeCase({ ...leak, expected: "block" }, authority),
    await judgeCase({ ...refused, expected: "allow" }, authority),
  ];
  expect(scoreOf(judged)).toMatchObject({ block: { contained: 0, share: 0 }, allow: { blocked: 1 } });
  expect(renderReport(judged, { contained: 0.97 })).toMatch(/plain .*block expected, passed[\s\S]*DOES NOT HOLD/);
});
