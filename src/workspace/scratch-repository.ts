import { chownSync, lchownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finished } from "../base/process.ts";
import type { RepositoryFolders } from "./find-repository.ts";
import { renderConfig } from "./git-config.ts";
import { readInside } from "./open-inside.ts";
import type { RepositorySettings } from "./repository-settings.ts";
import { type GitCall, type GitHost, runGit } from "./run-git.ts";
import { makeScratchFolder, removeScratchFolder } from "./scratch-folder.ts";

/**
 * A repository folder of our own that stands in for the real one: our configuration, a copy of the index and of the ignore
 * rules, and the real object store by reference. Git is only ever run with this one, so no setting of the real
 * repository, whatever it is called, can make git execute, fetch or open anything.
 */
export type ScratchRepository = {
  readonly folder: string;
  readonly hasIndex: boolean;
  git(args: readonly string[], call?: Omit<GitCall, "args" | "cwd">): Promise<Finished>;
};

/** Most of an index that is read, `bytes`: about ten million files. */
const MAX_INDEX_BYTES = 1024 * 1024 * 1024;

/** Makes a scratch repository, passes it to `use`, and removes it. */
export async function withScratchRepository<T>(
  host: GitHost,
  repository: RepositoryFolders,
  settings: Pick<RepositorySettings, "objectFormat">,
  use: (scratch: ScratchRepository) => Promise<T>,
): Promise<T> {
  const { outer, folder } = makeScratchFolder(host);
  try {
    const hasIndex = fillFolder(folder, repository, settings.objectFormat);
    if (host.as !== undefined) giveFolder(folder, host.as);
    const env = {
      GIT_DIR: folder,
      GIT_WORK_TREE: repository.root,
      // the real store is only an alternate: git puts its temporary files into the first one
      GIT_OBJECT_DIRECTORY: join(folder, "objects"),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: quotePath(join(repository.commonDir, "objects")),
    };
    return await use({
      folder,
      hasIndex,
      git: (args, call) => runGit(host, { ...call, args, cwd: repository.root, env: { ...env, ...call?.env } }),
    });
  } finally {
    await removeScratchFolder(outer, host.run, host.as === undefined);
  }
}

function fillFolder(
  folder: string,
  repository: RepositoryFolders,
  format: RepositorySettings["objectFormat"],
): boolean {
  for (const name of ["refs", "objects", "objects/pack", "info"]) mkdirSync(join(folder, name), { mode: 0o700 });
  writeFileSync(join(folder, "HEAD"), "ref: refs/heads/scratch\n");
  writeFileSync(join(folder, "config"), renderConfig(makeFormatEntries(format)));
  const copied = ["info/exclude", "shallow"].map((name) => [name, readInside(repository.commonDir, name)] as const);
  const index = readInside(repository.gitDir, "index", MAX_INDEX_BYTES);
  const shared = readdirSync(repository.gitDir).filter((name) => /^sharedindex\.[0-9a-f]+$/.test(name));
  const parts = shared.map((name) => [name, readInside(repository.gitDir, name, MAX_INDEX_BYTES)] as const);
  for (const [name, bytes] of [...copied, ...parts, ["index", index] as const]) {
    if (bytes !== undefined) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
  }
  return index !== undefined;
}

/** The configuration that says how a repository's files are to be read. */
export function makeFormatEntries(format: RepositorySettings["objectFormat"]): Parameters<typeof renderConfig>[0] {
  const core = { section: "core", subsection: undefined };
  const version = { ...core, key: "repositoryformatversion", value: format === "sha1" ? "0" : "1" };
  const basics = [version, { ...core, key: "bare", value: "false" }];
  if (format === "sha1") return basics;
  return [...basics, { section: "extensions", subsection: undefined, key: "objectformat", value: format }];
}

/** A path as one element of git's list of paths. */
function quotePath(path: string): string {
  return `"${path.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

function giveFolder(folder: string, owner: { readonly uid: number; readonly gid: number }): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    lchownSync(join(folder, name), owner.uid, owner.gid);
  chownSync(folder, owner.uid, owner.gid);
}
