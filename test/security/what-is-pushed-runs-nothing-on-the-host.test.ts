import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { testProgramArgv } from "../fixtures/driver-argv.ts";
import { readAll } from "../socket/egress/harness.ts";
import {
  commit,
  type GateWorld,
  leftoversIn,
  makeFolder,
  makePushBody,
  makeRepo,
  OWN,
  openGateWorld,
  refsOf,
} from "../socket/gate/harness.ts";
import { GIT_ENV, git, makeUpstream } from "../socket/gate/upstreams.ts";

const scope = new Scope();
let folder: string;
let upstream: string;
let world: GateWorld;
let trap: string;

beforeAll(async () => {
  folder = makeFolder(scope);
  upstream = makeUpstream(folder, "up.git");
  trap = join(folder, "sprung");
  world = await openGateWorld(folder, [makeRepo(`file://${upstream}`)]);
  scope.defer("world", () => world.close());
});
afterAll(() => scope.close());
afterEach(() => {
  expect(existsSync(trap)).toBe(false);
  expect(world.bugs).toEqual([]);
  expect(leftoversIn(world.folder)).toEqual([]);
});

/** Writes an object that git would not make. */
function hashObject(clone: string, type: string, bytes: Buffer): string {
  const args = ["hash-object", "-w", "--literally", "-t", type, "--stdin"];
  return execFileSync("git", args, { cwd: clone, env: GIT_ENV, input: bytes, encoding: "utf8" }).trim();
}

const PROGRAM = () => `sh -c 'touch ${trap}; cat'`;

async function raw(text: string): Promise<string> {
  const socket = connect(world.port, "127.0.0.1");
  const answer = readAll(socket);
  socket.write(text, "latin1");
  return answer;
}

const get = (target: string) => raw(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

describe("a pushed repository", () => {
  test("with hooks, filters, a configuration and attributes in it runs nothing, and says what runs elsewhere", async () => {
    const clone = await world.clone();
    const attributes =
      "* filter=evil diff=evil merge=evil\n*.txt ident text eol=crlf\n*.wide working-tree-encoding=UTF-16\n";
    writeFileSync(
      join(clone, ".gitmodules"),
      `[submodule "x"]\n\tpath = x\n\turl = https://example.test/x\n\tupdate = none\n`,
    );
    for (const name of ["hooks/pre-receive", "hooks/update", "config", ".githooks/pre-push", ".husky/pre-push"]) {
      commit(clone, name, `#!/bin/sh\ntouch ${trap}\n[core]\n\tfsmonitor = ${PROGRAM()}\n`);
    }
    commit(clone, ".github/workflows/ci.yml", "on: push\n");
    commit(clone, ".gitattributes", attributes);
    commit(clone, "a.txt", "1\n");
    const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}hooks`);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.err).toContain("note: .github/workflows/ci.yml runs in CI");
    expect(world.pushes().at(-1)?.runFiles).toEqual(
      expect.arrayContaining([".github/workflows/ci.yml", ".gitattributes", ".gitmodules", ".husky/pre-push"]),
    );
  });

  test("that git's own checks know as an attack is refused", async () => {
    const clone = await world.clone();
    const evil = `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% ${trap}\n[submodule "-u"]\n\tpath = y\n\turl = --upload-pack=touch ${trap}\n`;
    commit(clone, ".gitmodules", evil);
    const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}fsck`);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/gitmodules/);
    const blob = git(clone, "rev-parse", "HEAD~1:README.md");
    for (const name of [".git", ".GIT", "..", ".git\u200c", "a/b"]) {
      const entry = Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, "hex")]);
      const tree = hashObject(clone, "tree", entry);
      const id = git(clone, "commit-tree", "-m", "odd", "-p", "HEAD~1", tree);
      const odd = await world.agent(clone, "push", "origin", `${id}:refs/heads/${OWN}fsck`);
      expect({ name, code: odd.code }).toEqual({ name, code: 1 });
      expect(odd.err).toMatch(/hasDot|fullPathname|fsck|invalid|dotdot|dotgit/i);
    }
    expect(refsOf(upstream).some((ref) => ref.includes("fsck"))).toBe(false);
  });

  test("whose client has hooks and programs in its configuration runs them on its own side only", async () => {
    const clone = await world.clone();
    git(clone, "config", "uploadpack.packObjectsHook", PROGRAM());
    commit(clone, "b.txt", "1\n");
    const options = [
      "-c",
      "http.extraHeader=Git-Protocol: version=2:ext",
      "-c",
      `http.extraHeader=X: $(touch ${trap})`,
    ];
    expect(await world.agent(clone, ...options, "push", "origin", `HEAD:${OWN}client`)).toMatchObject({ code: 0 });
  });

  test("changes files that run somewhere: refused where the bottle says so", async () => {
    const strict = await openGateWorld(folder, [makeRepo(`file://${upstream}`, { runFiles: "refuse" })]);
    try {
      const clone = await strict.clone();
      commit(clone, ".github/workflows/ci.yml", "on: push\n");
      git(clone, "mv", ".github/workflows/ci.yml", "elsewhere.yml");
      git(clone, "commit", "-q", "-m", "moved away");
      const ran = await strict.agent(clone, "push", "origin", `HEAD:${OWN}strict`);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain(".github/workflows/ci.yml runs in CI");
      expect(strict.pushes()).toMatchObject([{ reason: "run-files" }]);
    } finally {
      await strict.close();
    }
  });
});

describe("an address", () => {
  test.each([
    "/../up.git/info/refs?service=git-upload-pack",
    "/example.git/../../etc/passwd",
    "/example.git/..%2f..%2fetc/info/refs?service=git-upload-pack",
    "/%2e%2e/up.git/info/refs?service=git-upload-pack",
    "/example%2egit/info/refs?service=git-upload-pack",
    "/example.git/info/refs?service=git-upload-pack%00",
    "/example.git/info/refs?service=git-upload-archive",
    "/example.git/info/refs?service=git-upload-pack&service=git-receive-pack",
    "/example.git/info/refs",
    "/example.git/HEAD",
    "/example.git/config",
    "/example.git/objects/info/packs",
    "/--upload-pack=x.git/info/refs?service=git-upload-pack",
    "/-example.git/info/refs?service=git-upload-pack",
    "/hooks.git/info/refs?service=git-upload-pack",
    "//example.git/info/refs?service=git-upload-pack",
    "http://127.0.0.1/example.git/info/refs?service=git-upload-pack",
    "/example.git/info/refs?service=git-upload-pack#x",
    "/example.git/info/refs/?service=git-upload-pack",
    "/EXAMPLE.git/info/refs?service=git-upload-pack",
    "/example.git\\..\\up.git/info/refs?service=git-upload-pack",
    "/undeclared/../example.git/info/refs?service=git-upload-pack",
    `/undeclared/${"a".repeat(500)}/info/refs`,
  ])("that is not one of git's three leads nowhere: %s", async (target) => {
    expect(await get(target)).toMatch(/^HTTP\/1\.1 (400|403|404|405) /);
  });

  test.each(["\0", "\x7f", " ", "\t", "\r\nX: ", "\xff"])("with %j in it is no request", async (text) => {
    expect(await get(`/exam${text}ple.git/info/refs?service=git-upload-pack`)).not.toMatch(/^HTTP\/1\.1 [23]/);
    expect(await get(`/example.git/in${text}fo/refs?service=git-upload-pack`)).not.toMatch(/^HTTP\/1\.1 [23]/);
  });

  test("with the wrong method, body or encoding leads nowhere", async () => {
    const post = (target: string, head: string) =>
      raw(`POST ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n${head}\r\n0000`);
    expect(await post("/example.git/info/refs?service=git-upload-pack", "")).toMatch(/^HTTP\/1\.1 405 /);
    expect(await post("/example.git/git-receive-pack", "Content-Type: text/plain\r\n")).toMatch(/^HTTP\/1\.1 415 /);
    const type = "Content-Type: application/x-git-receive-pack-request\r\n";
    expect(await post("/example.git/git-receive-pack", `${type}Content-Encoding: br\r\n`)).toMatch(/^HTTP\/1\.1 415 /);
    expect(await raw("PUT /example.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });

  test("of a repository that is not declared says what to declare", async () => {
    const ran = await world.agent(folder, "ls-remote", world.url("other"));
    expect(ran.err).toContain("this bottle has no repository other; it has: example");
    expect(ran.err).toContain("git-gate.repos.other");
  });
});

describe("a push that is broken off at any point", () => {
  test("leaves neither locks nor half of it, and the next one works", async () => {
    const clone = await world.clone();
    commit(clone, "large.txt", Buffer.alloc(3_000_000, "abcdefghij\n"));
    const before = refsOf(upstream);
    const id = git(clone, "rev-parse", "HEAD");
    const pack = execFileSync("git", ["pack-objects", "--stdout", "--revs", "-q"], {
      cwd: clone,
      input: "HEAD\n^origin/main\n",
    });
    const body = makePushBody([`${"0".repeat(40)} ${id} refs/heads/${OWN}cut`], pack);
    for (const share of [0, 0.1, 0.5, 0.9, 0.99, 1]) {
      const socket = connect(world.port, "127.0.0.1");
      const closed = readAll(socket);
      const length = share === 1 ? body.length + 100 : body.length;
      socket.write(
        `POST /example.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: ${length}\r\n\r\n`,
      );
      await new Promise<void>((resolve) =>
        socket.write(body.subarray(0, Math.floor(body.length * share)), () => resolve()),
      );
      await new Promise<void>((resolve) => setImmediate(resolve));
      socket.end();
      socket.destroySoon();
      await closed;
    }
    expect(await world.agent(clone, "push", "origin", `HEAD:${OWN}whole`)).toMatchObject({ code: 0 });
    const added = refsOf(upstream).filter((ref) => !before.includes(ref));
    expect(added.filter((ref) => !ref.includes("cut"))).toEqual([`refs/heads/${OWN}whole ${id}`]);
    await expect.poll(() => leftoversIn(world.folder), { timeout: 10_000 }).toEqual([]);
    git(upstream, "fsck", "--strict");
  });
});

describe("a gate that is killed while it receives, asks and sends", () => {
  /** Processes that work in a folder, whoever began them. */
  const workingIn = (place: string): readonly string[] =>
    readdirSync("/proc").filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(place);
      } catch {
        return false; // it ended meanwhile
      }
    });

  test("leaves the upstream with all of a push or none, and the next gate says the same as it", async () => {
    const place = makeFolder(scope); // what the killed gate itself leaves goes with the state of its bottle
    const target = makeUpstream(place, "up.git");
    const hook = `#!/bin/sh\ntouch ${place}/reached\nwhile [ ! -e ${place}/go ]; do sleep 0.05; done\n`;
    writeFileSync(join(target, "hooks/pre-receive"), hook, { mode: 0o755 });
    const clone = join(place, "clone");
    git(place, "clone", "-q", target, clone);
    const [file, ...args] = testProgramArgv("gate-process.ts", place, target);
    const gate = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: gate.stdout })[Symbol.asyncIterator]();
    const url = `http://127.0.0.1:${(await lines.next()).value}/example.git`;
    const push = (...refspecs: readonly string[]) =>
      once(spawn("git", ["push", "-q", url, ...refspecs], { cwd: clone, env: GIT_ENV }), "close");

    const half = connect(Number(new URL(url).port), "127.0.0.1");
    const gone = new Promise((resolve) => half.on("error", () => {}).once("close", resolve));
    const ref = `${"0".repeat(40)} ${git(clone, "rev-parse", "HEAD")} refs/heads/${OWN}half`;
    half.write(
      "POST /example.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 5000\r\n\r\n",
    );
    half.write(makePushBody([ref], Buffer.from("PACK\0\0\0\x02\0\0\0\x01")));
    await expect.poll(() => leftoversIn(place).length, { timeout: 30_000 }).toBeGreaterThan(0);
    commit(clone, ".github/workflows/ci.yml", "on: push\n");
    const asking = push(`HEAD:refs/heads/${OWN}asked`);
    expect((await lines.next()).value).toBe("asked");
    git(clone, "reset", "-q", "--hard", "HEAD~1");
    commit(clone, "large.txt", Buffer.alloc(3_000_000, "abcdefghij\n"));
    const sending = push(`HEAD:refs/heads/${OWN}one`, `HEAD:refs/heads/${OWN}two`);
    await expect.poll(() => existsSync(join(place, "reached")), { timeout: 30_000 }).toBe(true);

    gate.kill("SIGKILL");
    expect(await Promise.all([sending, asking])).toEqual([
      [1, null],
      [1, null],
    ]);
    await gone;
    writeFileSync(join(place, "go"), "");
    await expect.poll(() => workingIn(place), { timeout: 30_000 }).toEqual([]);
    git(target, "fsck", "--strict");
    const names = refsOf(target).map((ref) => ref.split(" ")[0]);
    expect([[], [`refs/heads/${OWN}one`, `refs/heads/${OWN}two`]]).toContainEqual(
      names.filter((name) => name?.includes(OWN)),
    );
    expect(leftoversIn(target)).toEqual([]);
    expect(leftoversIn(join(place, "cache/git"))).toEqual([]);
    const next = await openGateWorld(place, [makeRepo(`file://${target}`)]);
    try {
      const seen = await next.agent(clone, "ls-remote", "--refs", next.url());
      expect(
        seen.out
          .trim()
          .split("\n")
          .map((line) => line.split("\t").reverse().join(" ")),
      ).toEqual(refsOf(target));
      expect(await next.agent(clone, "push", "-q", next.url(), `HEAD:refs/heads/${OWN}next`)).toMatchObject({
        code: 0,
      });
      expect(next.bugs).toEqual([]);
    } finally {
      await next.close();
    }
  });
});

test("everything is gone when the gate closes", async () => {
  const other = await openGateWorld(folder, [makeRepo(`file://${upstream}`)]);
  await other.clone();
  await other.close();
  const mirrors = readdirSync(folder).filter(
    (name) => name.startsWith("gate-") && existsSync(join(folder, name, "mirrors")),
  );
  expect(mirrors).toHaveLength(1);
});
