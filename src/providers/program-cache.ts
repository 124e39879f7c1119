import { createHash, timingSafeEqual } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { fileError } from "../base/files.ts";
import { showHarmlessly } from "../base/plain-text.ts";
import type { Run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";
import type { PinnedBuild } from "./pinned-program.ts";

/** What fetching a program needs. */
export type FetchNeeds = {
  readonly run: Run;
  /** How npm is started */
  readonly npm: readonly [string, ...string[]];
  /** The operator's environment: npm finds its registry and credentials there */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
};

const FETCH_TIMEOUT_MS = 30 * 60_000;
const UNPACK_TIMEOUT_MS = 10 * 60_000;
const PARTIAL = ".fetching-";

/** Whether a program is in its folder; a folder that is there is whole. */
export async function isCached(folder: string): Promise<boolean> {
  try {
    await access(folder);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw fileError(error, "read", folder);
  }
}

/**
 * Fetches a build with npm into `folder`, which appears whole or not at all. No script of the package and nothing in it is
 * run; the tarball is the one that was pinned, byte for byte. Throws `provider/fetch-failed`.
 */
export async function fetchProgram(build: PinnedBuild, folder: string, needs: FetchNeeds): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  await removePartials(parent);
  const work = await mkdtemp(join(parent, PARTIAL));
  try {
    const tarball = await download(build, work, needs);
    await verify(build, tarball);
    const whole = join(work, "whole");
    await unpack(build, tarball, whole, needs);
    await rename(whole, folder);
  } catch (error) {
    throw needs.signal.aborted ? needs.signal.reason : fileError(error, "write", folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What fetches left behind that were killed; the caller holds the lock, so none of them is at work. */
async function removePartials(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PARTIAL));
  for (const name of names) await rm(join(parent, name), { recursive: true, force: true });
}

async function download(build: PinnedBuild, work: string, needs: FetchNeeds): Promise<string> {
  const argv = [
    ...needs.npm,
    "pack",
    "--ignore-scripts",
    "--loglevel=error",
    "--no-progress",
    "--pack-destination",
    work,
    build.package,
  ] as const;
  // npm takes the nearest folder with a package.json for its project, and would read the .npmrc of a repository above it
  await writeFile(join(work, "package.json"), "{}\n");
  const options = { env: needs.env, cwd: work, timeoutMs: FETCH_TIMEOUT_MS, signal: needs.signal };
  const { exit, stderr } = await needs.run(argv, options);
  needs.signal.throwIfAborted();
  const found = (await readdir(work)).find((name) => name.endsWith(".tgz"));
  if (exit.kind === "code" && exit.code === 0 && found !== undefined) return join(work, found);
  throw failed(
    `npm could not fetch ${build.package}${firstLine(stderr)}`,
    `try it yourself: npm pack ${build.package}`,
  );
}

function firstLine(stderr: string): string {
  const lines = stderr.split("\n").flatMap((text) => /^npm (?:error|ERR!) (.*)/.exec(text)?.[1] ?? []);
  const line = lines.find((text) => !/^(code|errno|syscall|A complete log) /.test(text));
  return line === undefined ? "" : `: ${showHarmlessly(line)}`;
}

async function verify(build: PinnedBuild, tarball: string): Promise<void> {
  const [algorithm = "", expected = ""] = build.integrity.split("-", 2);
  const hash = createHash(algorithm);
  await pipeline(createReadStream(tarball), hash);
  const [got, wanted] = [hash.digest(), Buffer.from(expected, "base64")];
  if (got.length === wanted.length && timingSafeEqual(got, wanted)) return;
  throw failed(
    `${build.package} is not the package that was published: its ${algorithm} is another`,
    "a registry or cache between here and npm changed it; try `npm cache verify`, then another registry",
  );
}

async function unpack(build: PinnedBuild, tarball: string, whole: string, needs: FetchNeeds): Promise<void> {
  const raw = `${whole}-raw`;
  await mkdir(raw, { mode: 0o755 });
  const members = Object.keys(build.files);
  const argv = [
    "tar",
    "-xzf",
    tarball,
    "-C",
    raw,
    "--no-same-owner",
    "--no-same-permissions",
    "--",
    ...members,
  ] as const;
  const options = { env: { PATH: SYSTEM_PATH, LC_ALL: "C" }, timeoutMs: UNPACK_TIMEOUT_MS, signal: needs.signal };
  const { exit, stderr } = await needs.run(argv, options);
  needs.signal.throwIfAborted();
  if (exit.kind !== "code" || exit.code !== 0) {
    throw failed(`${build.package} cannot be unpacked: ${stderr.trim()}`, "is the disk full? try again");
  }
  for (const [member, target] of Object.entries(build.files)) {
    const from = join(raw, member);
    if (!(await lstat(from)).isFile()) throw failed(`${member} of ${build.package} is no file`, "try again");
    const to = join(whole, target);
    await mkdir(dirname(to), { recursive: true, mode: 0o755 });
    await rename(from, to);
    await chmod(to, 0o755); // a bottle's own user runs it
  }
  await rm(raw, { recursive: true });
}

function failed(message: string, hint: string): BottleError {
  return new BottleError("provider/fetch-failed", message, { hint });
}
