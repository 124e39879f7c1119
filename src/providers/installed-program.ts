import { open, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";
import type { PinnedBuild } from "./pinned-program.ts";

/** A program of the operator's own, links followed; `folder` when it is a file among others that it needs. */
export type InstalledProgram = { readonly file: string; readonly folder: string | undefined };

/** The operator's own program, from the PATH. Undefined when there is none that could run in a bottle. */
export async function findInstalled(
  program: string,
  build: PinnedBuild | undefined,
  path: string | undefined,
): Promise<InstalledProgram | undefined> {
  for (const folder of (path ?? "").split(":").filter((entry) => isAbsolute(entry))) {
    const file = await realProgram(join(folder, program));
    if (file === undefined) continue;
    const native = (await isNative(file)) ? file : build && (await findInPackage(file, program, build));
    if (native !== undefined) return { file: native, folder: build && (await wholeFolder(native, build)) };
  }
  return undefined;
}

/** The file of a program, links followed, if there is one that may be executed. */
export async function realProgram(path: string): Promise<string | undefined> {
  try {
    const file = await realpath(path);
    const found = await stat(file);
    return found.isFile() && (found.mode & 0o111) !== 0 ? file : undefined;
  } catch {
    return undefined; // not there, or not ours to see
  }
}

/** Whether a file runs by itself; a script would need its interpreter and all that it loads. */
async function isNative(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false; // it may be run, but not read
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(Buffer.from("\x7fELF", "latin1"));
  } finally {
    await file.close();
  }
}

/** The program in the platform's own package, beside the script that npm put on the PATH; nothing of either is run. */
async function findInPackage(script: string, program: string, build: PinnedBuild): Promise<string | undefined> {
  const member = Object.entries(build.files).find(([, target]) => target === `bin/${program}`)?.[0];
  if (member === undefined) return undefined;
  try {
    const name = build.package.slice(0, build.package.lastIndexOf("@"));
    const manifest = createRequire(script).resolve(`${aliasOf(name, build)}/package.json`);
    return await realProgram(join(dirname(manifest), member.replace(/^package\//, "")));
  } catch {
    return undefined;
  }
}

/** Packages that are versions of one name are installed under a name with the platform in it. */
function aliasOf(name: string, build: PinnedBuild): string {
  const platform = /-(linux-[a-z0-9]+)$/.exec(build.package)?.[1];
  return platform === undefined || name.endsWith(platform) ? name : `${name}-${platform}`;
}

/** The folder of a program that comes with other files, when they all are there. */
async function wholeFolder(file: string, build: PinnedBuild): Promise<string | undefined> {
  const targets = Object.values(build.files);
  if (targets.length < 2) return undefined;
  const folder = dirname(dirname(file));
  const there = await Promise.all(
    targets.map((target) =>
      stat(join(folder, target)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.every(Boolean) ? folder : undefined;
}
