import { expect, test } from "vitest";
import type { Route } from "../../manifest/bottle.ts";
import { compilePolicy } from "../2-route/compiled-policy.ts";
import { parseAuthority } from "../wire/authority.ts";
import { MessageScreen } from "./message-screen.ts";
import { ScreenedOut } from "./screened-out.ts";
import { makeScreener } from "./screener.ts";

const MEGABYTES = 1024 * 1024;
const OWN = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");

test("messages without an end take so much memory together, and give it back when their connection ends", async () => {
  const screener = makeScreener([], () => false, []);
  const open = () => openScreen(screener);
  const screens = [open(), open()];
  for (const screen of screens) expect(await screen.push(begin(15 * MEGABYTES))).toHaveLength(0);
  const third = open();
  await expect(third.push(begin(15 * MEGABYTES))).rejects.toThrow(ScreenedOut);
  third.close();
  for (const screen of screens) screen.close();
  for (let again = 0; again < 3; again++) {
    const screen = open();
    expect(await screen.push(begin(15 * MEGABYTES))).toHaveLength(0);
    screen.close();
  }
  const whole = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
  expect(await open().push(whole)).toEqual(whole);
  expect(screener.held.take(32 * MEGABYTES)).toBe(true); // nothing of what passed is counted any more
});

test("values of JSON messages make up a secret, whatever stands between them", async () => {
  const screen = openScreen(makeScreener([{ name: "KEY", value: OWN }], () => false, []));
  const pieces =
    Buffer.from(OWN)
      .toString("base64")
      .match(/.{1,12}/g) ?? [];
  const send = async () => {
    for (const [at, data] of pieces.entries()) await screen.push(frame(JSON.stringify({ at, data, more: "x" })));
  };
  await expect(send()).rejects.toThrow(ScreenedOut);
});

function openScreen(screener: ReturnType<typeof makeScreener>): MessageScreen {
  const route: Route = {
    ...{ host: "a.example.com", ports: [443], matches: [], auth: undefined, inboundCredentials: "refuse" },
    ...{ git: { fetch: false }, allowPrivate: false, at: { file: "t.md", line: 1 } },
    dlp: {
      ...{ outboundDetectors: undefined, inboundDetectors: undefined },
      ...{ inboundOnMatch: "warn", outboundOnMatch: "block" },
    },
    limits: { bytesPerMinute: undefined, requestsPerMinute: undefined },
  };
  const [compiled] = compilePolicy({ routes: [{ route, credential: undefined }] }).routes;
  if (compiled === undefined) throw new Error("no route");
  const to = parseAuthority("a.example.com", 443);
  const destination = { kind: "destination", scheme: "https", to, path: "/", query: undefined } as const;
  return new MessageScreen(screener, { head: { method: "GET" }, destination, compiled }, async () => undefined);
}

/** The beginning of a frame of sixteen million bytes. */
function begin(bytes: number): Buffer {
  const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
}

function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
