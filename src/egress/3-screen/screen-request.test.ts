import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Route } from "../../manifest/bottle.ts";
import { findDestination } from "../1-accept/destination.ts";
import { compilePolicy } from "../2-route/compiled-policy.ts";
import { parseAuthority } from "../wire/authority.ts";
import { parseRequestHead } from "../wire/request-head.ts";
import { HeldBody } from "./held-body.ts";
import { screenRequest } from "./screen-request.ts";
import { makeScreener } from "./screener.ts";

const GITHUB = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const AWS = ["AK", "IA", "Q3EGTVZ5R7K2M4NB"].join("");
const OWN = ["Zk4pQ9vR2mXw7LnB", "t5YcH8sJdF3gA6eU"].join("-");
const TEXT = (count: number, token: string) => `${Array.from({ length: count }, () => token).join("\n")}\n`;

test("what stands behind as many tokens as one search tells is not let through with them", async () => {
  await expect(screen(TEXT(3, AWS))).resolves.toMatchObject({ kind: "screened" });
  await expect(screen(`${TEXT(3, AWS)}${GITHUB}`)).resolves.toMatchObject({ kind: "screened" });
  await expect(screen(`${TEXT(100, AWS)}${GITHUB}`)).resolves.toMatchObject({ code: "egress/secret-in-request" });
});

test.each(["User-Agent", "Accept-Language", "Content-Type", "Referer", "Sec-Fetch-Site", "X-Trace"])(
  "a secret that leaves piece by piece in %s is seen before its last piece",
  async (name) => {
    const screener = makeScreener([{ name: "KEY", value: OWN }], () => false, []);
    const pieces = OWN.match(/.{1,6}/g) ?? [];
    const results = [];
    for (const piece of pieces) results.push(await screen("x", [`${name}: ${piece}`], screener));
    expect(results.at(-1)).toMatchObject({ code: "egress/secret-in-request" });
    const usual = makeScreener([{ name: "KEY", value: OWN }], () => false, []);
    for (let again = 0; again < 3; again++) {
      expect(await screen("x", [`${name}: text/plain`], usual)).toMatchObject({ kind: "screened" });
    }
  },
);

test("bodies that wait to be searched take so much memory at most, whatever they unpack to", async () => {
  let goOn = () => {};
  const searched = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const search = {
    find: async (bytes: Buffer) => {
      if (bytes.length > 1_000_000) await searched;
      return [];
    },
    close: async () => {},
  };
  const screener = makeScreener([], () => false, [], search);
  const packed = gzipSync(Buffer.alloc(30 * 1024 * 1024, "words "));
  const send = () => screen(packed, ["Content-Encoding: gzip"], screener);
  const all = Array.from({ length: 6 }, send);
  const refused = await Promise.race(all);
  expect(refused).toMatchObject({ code: "egress/screening-busy" });
  goOn();
  const kinds = (await Promise.all(all)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "screened").length).toBeLessThan(6);
  expect(kinds).toContain("screened");
  await expect(send()).resolves.toMatchObject({ kind: "screened" });
});

/** Screens a body on a route where tokens are taken out. */
function screen(text: string | Buffer, fields: readonly string[] = [], screener = makeScreener([], () => false, [])) {
  const [compiled] = compilePolicy({ routes: [{ route: makeRoute(), credential: undefined }] }, undefined).routes;
  const to = parseAuthority("api.example.com", 443);
  const lines = ["POST /v1/x HTTP/1.1", "Host: api.example.com", `Content-Length: ${text.length}`, ...fields];
  const head = parseRequestHead(lines.join("\r\n"));
  const destination = findDestination(head, { kind: "tunnel", to, secure: true, serverName: "api.example.com" });
  if (compiled === undefined || destination.kind === "refuse") throw new Error("no way out");
  const leaving = { head, destination, compiled, fields: head.fields };
  const nobody = async () => {
    throw new Error("nobody is asked");
  };
  return screenRequest(screener, leaving, new HeldBody(Buffer.from(text)), async () => {}, nobody);
}

function makeRoute(): Route {
  return {
    ...{ host: "api.example.com", ports: [443], matches: [], auth: undefined, inboundCredentials: "refuse" },
    git: { fetch: false },
    dlp: {
      outboundDetectors: undefined,
      inboundDetectors: undefined,
      inboundOnMatch: "warn",
      outboundOnMatch: "redact",
    },
    ...{ allowPrivate: false, limits: { bytesPerMinute: undefined, requestsPerMinute: undefined } },
    at: { file: "t.md", line: 1 },
  };
}
