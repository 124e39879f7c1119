import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { BottleError } from "../base/errors.ts";
import type { RepositoryFolders } from "./find-repository.ts";
import { type ConfigEntry, lastValue, parseConfigBoolean, parseConfigList } from "./git-config.ts";
import { readInside } from "./open-inside.ts";
import { type GitHost, runGit } from "./run-git.ts";

/** What of a repository's configuration is known: the entries as data, and the few that say how to read the rest. */
export type RepositorySettings = {
  readonly entries: readonly ConfigEntry[];
  readonly objectFormat: "sha1" | "sha256";
  /** Remote that missing objects of a partial clone would come from */
  readonly promisor: string | undefined;
};

/** Reads a repository's configuration as text on git's standard input, so that nothing in it can take effect. */
export async function readSettings(host: GitHost, repository: RepositoryFolders): Promise<RepositorySettings> {
  const main = await readEntries(host, repository.commonDir, "config");
  const perWorktree = parseConfigBoolean(lastValue(main, "extensions", "worktreeconfig")) === true;
  const entries = perWorktree ? [...main, ...(await readEntries(host, repository.gitDir, "config.worktree"))] : main;
  requireOwnWorktree(repository, entries);
  const format = lastValue(entries, "extensions", "objectformat")?.toLowerCase() ?? "sha1";
  if (format !== "sha1" && format !== "sha256") refuse("stores objects in a format this version does not know");
  if ((lastValue(entries, "extensions", "refstorage") ?? "files") !== "files") {
    refuse(
      "stores its refs in a format this version does not read",
      "`git refs migrate --ref-format=files` changes that",
    );
  }
  return { entries, objectFormat: format, promisor: findPromisor(entries) };
}

async function readEntries(host: GitHost, folder: string, name: string): Promise<readonly ConfigEntry[]> {
  const text = readInside(folder, name, 1024 * 1024);
  if (text === undefined) return [];
  const env = { GIT_DIR: "/dev/null" };
  const listed = await runGit(host, {
    args: ["config", "--file", "-", "--no-includes", "--list", "-z"],
    cwd: "/",
    env,
    stdin: text,
  });
  return parseConfigList(listed.stdout);
}

function requireOwnWorktree(repository: RepositoryFolders, entries: readonly ConfigEntry[]): void {
  if (repository.linkedBy === "worktree") return;
  const written = lastValue(entries, "core", "worktree");
  if (written === undefined && repository.linkedBy === "place") return;
  if (
    written !== undefined &&
    realpathIfThere(resolve(repository.gitDir, Buffer.from(written, "latin1").toString())) === repository.root
  )
    return;
  throw new BottleError("workspace/not-allowed", `${repository.gitDir} is the repository of another work tree`, {
    hint: `if it belongs here: git --git-dir=${repository.gitDir} config core.worktree ${repository.root}`,
  });
}

function findPromisor(entries: readonly ConfigEntry[]): string | undefined {
  const named = lastValue(entries, "extensions", "partialclone");
  if (named !== undefined) return named;
  return entries.find(
    (entry) => entry.section === "remote" && entry.key === "promisor" && parseConfigBoolean(entry.value) === true,
  )?.subsection;
}

function realpathIfThere(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function refuse(what: string, hint?: string): never {
  throw new BottleError("workspace/unreadable", `the repository ${what}`, hint === undefined ? {} : { hint });
}
