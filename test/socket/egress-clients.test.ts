import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run, startProcess } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { parseHost } from "../../src/egress/wire/host.ts";
import { clientEnvironment } from "./egress/client-environment.ts";
import {
  BEARER,
  makeRoute,
  openHttpsOrigin,
  openWorld,
  pin,
  plain,
  TOKEN,
  type World,
  withCredential,
} from "./egress/harness.ts";

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

const environment = (world: World) => clientEnvironment(world, folder);

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
  const good = await run(["curl", "-sS", "-H", "Authorization: Bearer placeholder", "https://api.example.com/x"], {
    env,
  });
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
  const got = await run(["wget", "-qO-", `--ca-certificate=${env["SSL_CERT_FILE"]}`, "https://files.example.com/f"], {
    env,
  });
  expect(got.stdout.toString()).toBe("content");
});

test("Python's urllib", async () => {
  const origin = await openHttpsOrigin(scope, "api.example.com", (_, response) => response.end("content"));
  const world = await openWorld(scope, {
    routes: [plain(makeRoute("api.example.com"))],
    resolve: [pin("api.example.com", origin)],
  });
  const env = await environment(world);
  const script = `
import sys, urllib.request, urllib.error
print(urllib.request.urlopen("https://api.example.com/").read().decode())
try: urllib.request.urlopen("https://evil.example.net/")
except urllib.error.HTTPError as e: print(e.code, e.read().decode())
`;
  const got = await run(["/usr/bin/python3", "-c", script], { env });
  expect(got.stderr).toBe("");
  expect(got.stdout.toString()).toMatch(/^content\n403 \{"error":\{"code":"egress\/host-not-allowed"/);
});

test("Node, by a tunnel of its own https module", async () => {
  const origin = await openHttpsOrigin(scope, "api.example.com", (_, response) => response.end("content"));
  const world = await openWorld(scope, {
    routes: [plain(makeRoute("api.example.com"))],
    resolve: [pin("api.example.com", origin)],
  });
  const env = await environment(world);
  const script = `
import http from "node:http"; import https from "node:https";
const ask = (host) => new Promise((resolve, reject) => {
  http.request({ port: ${world.port}, host: "127.0.0.1", method: "CONNECT", path: host + ":443", headers: { Host: host + ":443" } })
    .on("connect", (_, socket) => https.get({ host, path: "/", createConnection: undefined, agent: false, socket }, (response) => {
      let text = ""; response.on("data", (d) => { text += d; }).on("end", () => resolve(response.statusCode + " " + text));
    }).on("error", reject)).on("error", reject).end();
});
console.log(await ask("api.example.com"));
console.log(await ask("evil.example.net"));
process.exit(0);
`;
  const got = await run([process.execPath, "--input-type=module", "-e", script], { env });
  expect(got.stderr).toBe("");
  expect(got.stdout.toString()).toMatch(/^200 content\n403 \{"error"/);
});

describe("git", () => {
  test("clones by a route that opts in, and shows why a push is refused", async () => {
    const env = { ...(await gitRepository()), GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
    const origin = await openHttpsOrigin(scope, "git.example.com", (request, response) => serveGit(request, response));
    const world = await openWorld(scope, {
      routes: [plain(makeRoute("git.example.com", { git: { fetch: true } })), plain(makeRoute("closed.example.com"))],
      resolve: [pin("git.example.com", origin), pin("closed.example.com", origin)],
    });
    const all = { ...(await environment(world)), ...env };
    const cloned = await run(["git", "clone", "-q", "https://git.example.com/r.git", join(folder, "copy")], {
      env: all,
    });
    expect(cloned).toMatchObject({ exit: { kind: "code", code: 0 }, stderr: "" });
    expect(await readFile(join(folder, "copy", "f"), "utf8")).toBe("hello\n");
    const pushed = await run(["git", "-C", join(folder, "copy"), "push", "-q", "origin", "HEAD"], { env: all });
    expect(pushed.exit).not.toEqual({ kind: "code", code: 0 });
    expect(pushed.stderr).toContain("403");
    expect(pushed.stderr).toContain("remote: git push over HTTPS to git.example.com is never allowed");
    const closed = await run(["git", "clone", "-q", "https://closed.example.com/r.git", join(folder, "no")], {
      env: all,
    });
    expect(closed.stderr).toContain("403");
    const codes = world.events.flatMap((event) => (event.kind === "egress-refusal" ? [event.code] : []));
    expect(codes).toEqual(["egress/git-push", "egress/git-fetch"]);
  });

  async function gitRepository(): Promise<Record<string, string>> {
    const work = join(folder, "work");
    await mkdir(work);
    await writeFile(join(work, "f"), "hello\n");
    const env = {
      PATH: "/usr/bin:/bin",
      HOME: folder,
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.com",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.com",
    };
    for (const args of [
      ["init", "-q", "-b", "main"],
      ["add", "."],
      ["commit", "-q", "-m", "one"],
    ]) {
      const done = await run(["git", "-C", work, ...args], { env });
      expect(done.stderr).toBe("");
    }
    await run(["git", "clone", "-q", "--bare", work, join(folder, "r.git")], { env });
    return env;
  }

  function serveGit(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "https://git.example.com");
    const child = startProcess(["git", "http-backend"], {
      env: {
        PATH: "/usr/bin:/bin",
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    if (child.stdin !== null) request.pipe(child.stdin);
    const pieces: Buffer[] = [];
    child.stdout?.on("data", (bytes: Buffer) => pieces.push(bytes));
    child.on("close", () => {
      const all = Buffer.concat(pieces);
      const end = all.indexOf("\r\n\r\n");
      const lines = all
        .toString("latin1", 0, end)
        .split("\r\n")
        .map((line) => line.split(": "));
      for (const [name = "", value = ""] of lines) {
        if (name === "Status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(all.subarray(end + 4));
    });
  }
});

test("npm installs from a registry, and says why another host is refused", async () => {
  const packageFolder = join(folder, "package");
  await mkdir(packageFolder);
  await writeFile(
    join(packageFolder, "package.json"),
    JSON.stringify({ name: "tiny", version: "1.0.0", main: "i.js" }),
  );
  await writeFile(join(packageFolder, "i.js"), "module.exports = 7;\n");
  const tarball = join(folder, "tiny.tgz");
  await run(["tar", "-czf", tarball, "-C", folder, "package"], { env: { PATH: "/usr/bin:/bin" } });
  const bytes = await readFile(tarball);
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const origin = await openHttpsOrigin(scope, "registry.example.com", (request, response) => {
    if (request.url?.endsWith(".tgz")) return response.end(bytes);
    response.setHeader("Content-Type", "application/json");
    const dist = { tarball: "https://registry.example.com/tiny/-/tiny-1.0.0.tgz", integrity };
    const versions = { "1.0.0": { name: "tiny", version: "1.0.0", dist } };
    return response.end(JSON.stringify({ name: "tiny", "dist-tags": { latest: "1.0.0" }, versions }));
  });
  const world = await openWorld(scope, {
    routes: [plain(makeRoute("registry.example.com"))],
    resolve: [pin("registry.example.com", origin)],
  });
  const env = { ...(await environment(world)), PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), "{}");
  const install = (registry: string) =>
    run(["npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", `--registry=${registry}`, "tiny"], {
      env,
      cwd: project,
    });
  const refused = await install("https://evil.example.net/");
  expect(refused.exit).not.toEqual({ kind: "code", code: 0 });
  expect(refused.stderr).toContain("403");
  const done = await install("https://registry.example.com/");
  expect(done).toMatchObject({ exit: { kind: "code", code: 0 } });
  expect(await readFile(join(project, "node_modules", "tiny", "i.js"), "utf8")).toContain("7");
});

test("the certificates hold against openssl's strict check, for names and addresses", async () => {
  const world = await openWorld(scope, {});
  await writeFile(join(folder, "ca.pem"), world.ca.certificatePem);
  for (const text of [
    "a.example.com",
    "10.1.2.3",
    "[2001:4860:4860::8888]",
    `${"a".repeat(60)}.${"b".repeat(60)}.example.com`,
  ]) {
    const host = parseHost(text);
    const leaf = await world.ca.issue(host);
    await writeFile(join(folder, "leaf.pem"), leaf.certificatePem);
    const name = host.kind === "name" ? "-verify_hostname" : "-verify_ip";
    const checked = await run(
      [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        join(folder, "ca.pem"),
        name,
        host.text,
        join(folder, "leaf.pem"),
      ],
      { env: { PATH: "/usr/bin:/bin" } },
    );
    expect(checked.stdout.toString() + checked.stderr).toMatch(/leaf\.pem: OK/);
  }
});
