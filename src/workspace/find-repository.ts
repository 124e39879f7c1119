import { lstatSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BottleError } from "../base/errors.ts";
import { readInside } from "./open-inside.ts";

/** Where a repository keeps its things; real paths. */
export type RepositoryFolders = {
  /** Top of the work tree */
  readonly root: string;
  /** `HEAD` and the index of this work tree */
  readonly gitDir: string;
  /** Refs, objects and configuration, shared by all work trees of the repository */
  readonly commonDir: string;
  /** Who has vouched that this work tree belongs to this repository; `config` is still to be asked (`core.worktree`) */
  readonly linkedBy: "place" | "worktree" | "config";
};

/** The repository that a folder (a real path) is in; nothing of it is executed and its configuration is not read. */
export function findRepository(folder: string): RepositoryFolders | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (isGitFolder(at)) refuse(`${at} is the inside of a repository, not a work tree`, "change to the work tree");
    const found = openRepository(at);
    if (found !== undefined || at === "/") return found;
  }
}

/**
 * The repository whose work tree starts exactly at `root`. A `.git` that points elsewhere counts only when what it points
 * to points back: otherwise an unpacked archive could name any repository of this user and have it copied.
 */
export function openRepository(root: string): RepositoryFolders | undefined {
  const dotGit = join(root, ".git");
  const found = lstatIfThere(dotGit);
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) refuse(`${dotGit} is a symbolic link`, "use `git worktree add` instead of a linked .git");
  if (found.isDirectory()) {
    if (isGitFolder(dotGit)) return openAt(root, dotGit, "place");
    if (lstatIfThere(join(dotGit, "HEAD")) === undefined) return undefined;
    refuse(`${dotGit} is damaged, or parts of it are links`, "`git clone` it to a folder of its own and start there");
  }
  const target = /^gitdir: (.+?)\r?\n*$/.exec(readInside(root, ".git", 4096)?.toString("utf8") ?? "")?.[1];
  const gitDir = target === undefined ? undefined : realpathIfThere(resolve(root, target));
  if (gitDir === undefined) {
    refuse(`${dotGit} names no repository`, "`git worktree repair` in the main work tree mends it");
  }
  return openAt(root, gitDir, "config");
}

function openAt(root: string, gitDir: string, otherwise: "place" | "config"): RepositoryFolders {
  const common = readInside(gitDir, "commondir", 4096)?.toString("utf8").trimEnd();
  if (common === undefined) return { root, gitDir, commonDir: gitDir, linkedBy: otherwise };
  const commonDir = realpathIfThere(resolve(gitDir, common));
  const back = readInside(gitDir, "gitdir", 4096)?.toString("utf8").trimEnd();
  const pointsBack = back !== undefined && realpathIfThere(resolve(gitDir, back)) === join(root, ".git");
  if (commonDir === undefined || dirname(gitDir) !== join(commonDir, "worktrees") || !pointsBack) {
    refuse(
      `the repository ${gitDir} does not know ${root} as its work tree`,
      "`git worktree repair` in the main work tree mends it",
    );
  }
  return { root, gitDir, commonDir, linkedBy: "worktree" };
}

function isGitFolder(path: string): boolean {
  const is = (name: string, test: (found: Stats) => boolean) => {
    const found = lstatIfThere(join(path, name));
    return found !== undefined && test(found);
  };
  const isFolder = (found: Stats) => found.isDirectory();
  if (!is("HEAD", (found) => found.isFile() || found.isSymbolicLink())) return false;
  return is("commondir", (found) => found.isFile()) || (is("refs", isFolder) && is("objects", isFolder));
}

/** Whether a path is a repository's own `config`: the one file of a bare repository that can hold a password. */
export function isRepositoryConfig(root: string, path: string): boolean {
  return basename(path) === "config" && isGitFolder(join(root, dirname(path)));
}

function lstatIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function realpathIfThere(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function refuse(what: string, hint: string): never {
  throw new BottleError("workspace/not-allowed", what, { hint });
}
