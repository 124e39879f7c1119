import { lchownSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { type GitUser, makeCarriedConfig } from "./carried-config.ts";
import { copyFiles, type Owner } from "./copy-files.ts";
import type { RepositoryFolders } from "./find-repository.ts";
import { renderConfig } from "./git-config.ts";
import { type Head, type Ref, readHead, readRefs } from "./git-refs.ts";
import { readInside } from "./open-inside.ts";
import { isObjectId } from "./ref-name.ts";
import { type RepositorySettings, readSettings } from "./repository-settings.ts";
import type { GitHost } from "./run-git.ts";
import { type ScratchRepository, withScratchRepository } from "./scratch-repository.ts";

/** Which repository to copy, and where to. */
export type RepositoryCopy = {
  readonly repository: RepositoryFolders;
  /** Folder of ours that holds the copied work tree */
  readonly target: string;
  readonly owner: Owner;
  readonly user: GitUser | undefined;
  readonly host: GitHost;
};

/**
 * Makes a repository of its own in `target/.git`: same `HEAD`, branches, tags, remote-tracking refs and index, the objects
 * that can be reached from those and no others, and a configuration written from nothing. Hooks, reflogs, stashes,
 * alternates, merges in progress and everything a tool left in the original stay outside.
 */
export async function copyRepository(copy: RepositoryCopy): Promise<void> {
  const { repository, host } = copy;
  const git = join(copy.target, ".git");
  const settings = await readSettings(host, repository);
  const head = readHead(repository);
  for (const name of ["info", "objects/info", "objects/pack", "refs/heads", "refs/tags"]) {
    mkdirSync(join(git, name), { recursive: true, mode: 0o755 });
  }
  writeFileSync(join(git, "config"), renderConfig(makeCarriedConfig(settings, copy.user)), "latin1");
  writeFileSync(join(git, "HEAD"), head.ref === undefined ? `${head.id}\n` : `ref: ${head.ref}\n`, "latin1");
  writeNotes(git, repository);
  await withScratchRepository(host, repository, settings, async (scratch) => {
    const refs = await dropMissing(scratch, head, readRefs(repository));
    writeRefs(git, refs);
    await packObjects(scratch, copy, settings, [...idsOf(refs), ...(head.id === undefined ? [] : [head.id])]);
    await copyIndex(scratch, git);
  });
  if (copy.owner !== undefined) giveTree(Buffer.from(git), copy.owner);
}

/** What git keeps beside the objects and that changes what `git status` says. */
function writeNotes(git: string, repository: RepositoryFolders): void {
  const exclude = readInside(repository.commonDir, "info/exclude");
  const sparse = readInside(repository.gitDir, "info/sparse-checkout");
  const shallow = readInside(repository.commonDir, "shallow")?.toString("latin1").split("\n").filter(isObjectId);
  if (exclude !== undefined) writeFileSync(join(git, "info/exclude"), exclude);
  if (sparse !== undefined) writeFileSync(join(git, "info/sparse-checkout"), sparse);
  if (shallow !== undefined && shallow.length > 0) writeFileSync(join(git, "shallow"), `${shallow.join("\n")}\n`);
}

/** Refs that point at nothing, as after a crash or in a partial clone, are left behind; a `HEAD` that does is an error. */
async function dropMissing(scratch: ScratchRepository, head: Head, refs: readonly Ref[]): Promise<readonly Ref[]> {
  const ids = [...idsOf(refs), ...(head.id === undefined ? [] : [head.id])];
  if (ids.length === 0) return [];
  const answer = await scratch.git(["cat-file", "--batch-check=%(objectname) %(objecttype)"], {
    stdin: `${ids.join("\n")}\n`,
  });
  const lines = answer.stdout.toString("latin1").split("\n");
  const missing = new Set(lines.filter((line) => line.endsWith(" missing")).map((line) => line.split(" ")[0]));
  if (head.id !== undefined && missing.has(head.id)) {
    throw new BottleError("workspace/unreadable", "the commit that is checked out is missing from the repository", {
      hint: "`git fsck` in the repository shows what is damaged",
    });
  }
  const there = refs.filter((ref) => ref.kind === "symbolic" || !missing.has(ref.id));
  const names = new Set(there.map((ref) => ref.name));
  return there.filter((ref) => ref.kind === "id" || names.has(ref.target));
}

function writeRefs(git: string, refs: readonly Ref[]): void {
  const packed = refs.flatMap((ref) => (ref.kind === "id" ? [`${ref.id} ${ref.name}\n`] : []));
  writeFileSync(join(git, "packed-refs"), `# pack-refs with: sorted \n${packed.join("")}`, "latin1");
  for (const ref of refs) {
    if (ref.kind === "id") continue;
    const path = Buffer.concat([Buffer.from(`${git}/`), Buffer.from(ref.name, "latin1")]);
    mkdirSync(Buffer.from(dirname(path.toString("latin1")), "latin1"), { recursive: true });
    writeFileSync(path, `ref: ${ref.target}\n`, "latin1");
  }
}

async function packObjects(
  scratch: ScratchRepository,
  copy: RepositoryCopy,
  settings: RepositorySettings,
  ids: readonly string[],
): Promise<void> {
  const packs = join(copy.target, ".git/objects/pack");
  // the owner git runs as cannot write where we do: then it packs in the scratch folder and we fetch the result
  const own = copy.host.as === undefined;
  const folder = own ? packs : realpathSync(join(scratch.folder, "objects/pack"));
  const env: Readonly<Record<string, string>> = own ? { GIT_OBJECT_DIRECTORY: dirname(packs) } : {};
  const what = ["--revs", "--indexed-objects", ...(settings.promisor === undefined ? [] : ["--missing=allow-any"])];
  const how = ["--quiet", "--non-empty", "--delta-base-offset", "--window=0", "--compression=1"]; // deltas that exist are kept, none are sought
  const stdin = ids.map((id) => `${id}\n`).join("");
  await scratch.git(["pack-objects", ...what, ...how, join(folder, "pack")], { stdin, env });
  const names = readdirSync(folder).filter((name) => /^pack-[0-9a-f]+\.(?:pack|idx)$/.test(name));
  if (!own) await fetchPacks(folder, packs, names, copy.host.signal);
  if (settings.promisor === undefined) return;
  for (const name of names) {
    if (name.endsWith(".pack")) writeFileSync(join(packs, name.replace(/pack$/, "promisor")), "");
  }
}

async function fetchPacks(
  root: string,
  target: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const entries = names.map((path) => ({ path, kind: "file" as const, bytes: 0 }));
  const { skipped } = await copyFiles({ root, target, entries, owner: undefined, signal, onProgress: () => {} });
  if (skipped.length > 0)
    throw new BottleError("workspace/unreadable", "the packed history disappeared while it was copied");
}

/** The index without what only helps the original: shared parts, a cache of untracked names, a file watcher's mark. */
async function copyIndex(scratch: ScratchRepository, git: string): Promise<void> {
  if (!scratch.hasIndex) return;
  await scratch.git([
    "update-index",
    "--no-split-index",
    "--no-untracked-cache",
    "--no-fsmonitor",
    "--force-write-index",
  ]);
  const index = readInside(realpathSync(scratch.folder), "index", Number.POSITIVE_INFINITY);
  if (index !== undefined) writeFileSync(join(git, "index"), index);
}

function idsOf(refs: readonly Ref[]): readonly string[] {
  return refs.flatMap((ref) => (ref.kind === "id" ? [ref.id] : []));
}

function giveTree(folder: Buffer, owner: { readonly uid: number; readonly gid: number }): void {
  lchownSync(folder, owner.uid, owner.gid);
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: "buffer" })) {
    const path = Buffer.concat([folder, Buffer.from("/"), entry.name]);
    if (entry.isDirectory()) giveTree(path, owner);
    else lchownSync(path, owner.uid, owner.gid);
  }
}
