import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { BEARER, makeRoute, openHttpsOrigin, openWorld, pin, plain, TOKEN, withCredential, type World } from "./egress/harness.ts";

let scope: Scope;
let folder: string;

beforeEach(async () => {
  scope = new Scope();
  folder = await mkdtemp(join(tmpdir(), "egress-"));
  scope.defer("folder", () => rm(folder, { recursive: true, force: true }));
});

afterEach(async () => {
  await scope.close();
});

async function environment(world: World): Promise<Record<string, string>> {
  const ca = join(folder, "ca.pem");
  await writeFile(ca, world.ca.certificatePem);
  const proxy = `http://127.0.0.1:${world.port}`;
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: folder,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    NO_PROXY: "127.0.0.1,localhost",
    SSL_CERT_FILE: ca,
    CURL_CA_BUNDLE: ca,
    GIT_SSL_CAINFO: ca,
    NODE_EXTRA_CA_CERTS: ca,
  };
}

test("curl gets an answer with the credential added outside, and a readable refusal", async () => {
  let seen: string | undefined;
  const origin = await openHttpsOrigin(scope, "api.example.com", (request, response) => {
    seen = request.headers.authorization;
    response.end(`hello ${request.headers.authorization}`);
  });
  const world = await openWorld(scope, {
    routes: [withCredential(makeRoute("api.example.com", { auth: BEARER }))],
    resolve: [pin("api.example.com", origin)],
  });
  const env = await environment(world);
  const good = await run(["curl", "-sS", "-H", "Authorization: Bearer placeholder", "https://api.example.com/x"], { env });
  expect(good.stderr).toBe("");
  expect(seen).toBe(`Bearer ${TOKEN}`);
  expect(good.stdout.toString()).toBe(`hello Bearer ${"*".repeat(TOKEN.length)}`);
  const bad = await run(["curl", "-sS", "https://evil.example.net/x"], { env });
  expect(bad.stderr).toBe("");
  expect(JSON.parse(bad.stdout.toString())).toMatchObject({ error: { code: "egress/host-not-allowed" } });
  expect(world.bugs).toEqual([]);
});

test("wget", async () => {
  const origin = await openHttpsOrigin(scope, "files.example.com", (_, response) => response.end("content"));
  const world = await openWorld(scope, {
    routes: [plain(makeRoute("files.example.com"))],
    resolve: [pin("files.example.com", origin)],
  });
  const env = await environment(world);
  const got = await run(["wget", "-qO-", `--ca-certificate=${env["SSL_CERT_FILE"]}`, "https://files.example.com/f"], { env });
  expect(got.stdout.toString()).toBe("content");
});
