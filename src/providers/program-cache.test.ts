import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Run, run } from "../base/process.ts";
import type { PinnedBuild } from "./pinned-program.ts";
import { fetchProgram, isCached } from "./program-cache.ts";

let folder: string;
let tarball: Buffer;
let build: PinnedBuild;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "programs-"));
  tarball = await pack({ "package/agent": "#!/bin/sh\n", "package/extra": "never kept\n" });
  build = { package: "agent@1.0.0", integrity: integrityOf(tarball), files: { "package/agent": "bin/agent" } };
});
afterEach(() => rm(folder, { recursive: true }));

async function pack(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const from = join(folder, "source");
  await mkdir(join(from, "package"), { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeFile(join(from, path), text);
  for (const [path, target] of Object.entries(links)) await symlink(target, join(from, path));
  const made = await run(["tar", "-C", from, "-czf", join(folder, "made.tgz"), "package"], {
    env: { PATH: "/usr/bin:/bin" },
  });
  expect(made.exit).toEqual({ kind: "code", code: 0 });
  return readFile(join(folder, "made.tgz"));
}

const integrityOf = (bytes: Buffer) => `sha512-${createHash("sha512").update(bytes).digest("base64")}`;

/** npm as it answers here: it leaves a tarball where it was told to. Everything else is really run. */
function npm(answer: (destination: string) => Promise<number>): Run {
  return async (argv, options) => {
    if (argv[0] !== "npm") return run(argv, options);
    const code = await answer(argv[argv.indexOf("--pack-destination") + 1] ?? "");
    return {
      exit: { kind: "code", code },
      stdout: Buffer.alloc(0),
      stderr: code === 0 ? "" : "npm error 404 Not Found\n",
    };
  };
}

const delivers = (bytes: Buffer) => npm((to) => writeFile(join(to, "agent-1.0.0.tgz"), bytes).then(() => 0));

async function fetch(runs: Run, signal = new AbortController().signal) {
  const target = join(folder, "cache", "agent-1.0.0");
  await fetchProgram(build, target, { run: runs, npm: ["npm"], env: {}, signal });
  return target;
}

test("a program appears whole, readable for a bottle's own user, with nothing else of its package", async () => {
  const target = await fetch(delivers(tarball));
  expect(await isCached(target)).toBe(true);
  expect(await readdir(target, { recursive: true })).toEqual(["bin", "bin/agent"]);
  expect((await stat(join(target, "bin/agent"))).mode & 0o777).toBe(0o755);
  expect(await readdir(join(folder, "cache"))).toEqual(["agent-1.0.0"]);
});

test("npm is asked in a project of its own, so that no .npmrc of a repository above the cache is read", async () => {
  await writeFile(join(folder, "package.json"), "{}");
  await writeFile(join(folder, ".npmrc"), "registry=http://127.0.0.1:9/stolen\n");
  let project = "";
  const runs: Run = async (argv, options) => {
    if (argv[0] !== "npm") return run(argv, options);
    const asked = await run(["npm", "prefix"], { ...options, env: { PATH: process.env["PATH"], HOME: folder } });
    project = asked.stdout.toString("utf8").trim();
    return delivers(tarball)(argv, options);
  };
  await fetch(runs);
  expect(project).toContain("/cache/.fetching-");
});

test.each<[string, () => Promise<Run>, RegExp]>([
  ["npm that fails", async () => npm(async () => 1), /npm could not fetch agent@1\.0\.0: 404 Not Found/],
  ["npm that brings nothing", async () => npm(async () => 0), /npm could not fetch/],
  ["another tarball", async () => delivers(await pack({ "package/agent": "evil\n" })), /its sha512 is another/],
  ["a cut tarball", async () => delivers(tarball.subarray(0, 40)), /its sha512 is another/],
])("%s leaves nothing", async (_what, runs, message) => {
  await expect(fetch(await runs())).rejects.toMatchObject({
    code: "provider/fetch-failed",
    message: expect.stringMatching(message),
  });
  expect(await readdir(join(folder, "cache"))).toEqual([]);
});

test("a package whose program is a link is refused, though it is the one that was pinned", async () => {
  await rm(join(folder, "source"), { recursive: true });
  const linked = await pack({}, { "package/agent": "/bin/sh" });
  build = { ...build, integrity: integrityOf(linked) };
  await expect(fetch(delivers(linked))).rejects.toMatchObject({ message: expect.stringContaining("is no file") });
});

test("what an earlier fetch left half-made is removed, and a stopped one leaves nothing", async () => {
  await mkdir(join(folder, "cache/.fetching-old/x"), { recursive: true });
  const stop = new AbortController();
  const runs = npm(async () => {
    stop.abort("SIGINT");
    return 0;
  });
  await expect(fetch(runs, stop.signal)).rejects.toBe("SIGINT");
  expect(await readdir(join(folder, "cache"))).toEqual([]);
});

test("a cache that may not be written is told as such", async () => {
  await mkdir(join(folder, "cache"));
  await chmod(join(folder, "cache"), 0o500);
  if (process.getuid?.() === 0) await writeFile(join(folder, "cache/agent-1.0.0"), "in the way");
  await expect(fetch(delivers(tarball))).rejects.toMatchObject({ code: expect.stringMatching(/^file\//) });
});
