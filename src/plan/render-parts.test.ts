import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { displayWidth } from "../base/display-width.ts";
import type { Route } from "../manifest/bottle.ts";
import { renderBytes, renderMemory, renderSpan } from "./render-amount.ts";
import { renderRoute } from "./render-route.ts";
import { wrapText } from "./wrap-text.ts";

describe("amounts", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [3_400_000, "3.4 MB"],
    [99_960_000, "100 MB"],
    [500_000_000, "500 MB"],
    [999_600_000, "1.0 GB"],
    [7e15, "7000 TB"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(renderBytes(bytes)).toBe(text);
  });

  test.each([
    [2 ** 31, "2 GiB"],
    [1.5 * 2 ** 30, "1.5 GiB"],
    [512 * 2 ** 20, "512 MiB"],
    [2 ** 10, "1 KiB"],
    [100, "100 bytes"],
  ])("%i bytes of memory are %s", (bytes, text) => {
    expect(renderMemory(bytes)).toBe(text);
  });

  test.each([
    [1500, "1.5 s"],
    [90_000, "90 s"],
    [5_400_000, "90 min"],
    [7_200_000, "2 h"],
  ])("%i ms are %s", (ms, text) => {
    expect(renderSpan(ms)).toBe(text);
  });
});

describe("wrapText", () => {
  test("breaks between words, and inside those that are too long", () => {
    expect(wrapText("one two three", 8)).toEqual(["one two", "three"]);
    expect(wrapText("a abcdefghij b", 4)).toEqual(["a", "abcd", "efgh", "ij b"]);
    expect(wrapText("日本語日本", 4)).toEqual(["日本", "語日", "本"]);
    expect(wrapText("", 4)).toEqual([""]);
  });

  test("loses nothing but spaces, and no line is too wide", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = wrapText(text, width);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("renderRoute", () => {
  const route: Route = {
    ...{
      host: "a.example",
      ports: [443],
      matches: [],
      auth: undefined,
      inboundCredentials: "refuse",
      allowPrivate: false,
    },
    ...{ git: { fetch: false }, limits: { bytesPerMinute: undefined, requestsPerMinute: undefined } },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: undefined,
    },
    at: { file: "dev.md", line: 1 },
  };
  const tokenRef = { kind: "env", variable: "SECRET_NAME" } as const;
  const paths = [{ type: "exact", value: "/v1" } as const, { type: "regex", value: "^/x" } as const];
  test.each([
    [{}, "a.example"],
    [{ ports: [8443] }, "a.example:8443"],
    [{ auth: { scheme: "basic", tokenRef } as const }, "a.example [auth:basic]"],
    [{ auth: { scheme: "header", name: "X-Key", tokenRef } as const }, "a.example [auth:header]"],
    [{ git: { fetch: true } }, "a.example [git fetch]"],
    [{ matches: [{ methods: ["GET", "POST"], paths, headers: [] }] }, "a.example GET|POST /v1|~^/x"],
    [
      {
        matches: [
          { methods: [], paths: [{ type: "prefix", value: "/a/" } as const], headers: [] },
          {
            methods: ["PUT"],
            paths: [],
            headers: [
              { name: "x-a", value: "1" },
              { name: "x-b", value: undefined },
            ],
          },
        ],
      },
      "a.example /a/… or PUT with x-a: 1 and with x-b",
    ],
  ])("%#", (more: Partial<Route>, text) => {
    expect(renderRoute({ ...route, ...more })).toBe(text);
  });
});
