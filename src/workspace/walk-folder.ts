import { type Dirent, readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { systemErrorCode } from "../base/errors.ts";
import type { Candidate, Candidates } from "./candidate.ts";
import { isGitInternal, joinTreePath, parseTreePath, systemPath, type TreePath } from "./tree-path.ts";

/** What to walk, and where to stop. */
export type Walk = {
  /** Real path */
  readonly root: string;
  /** Whether a folder is not to be entered */
  skip(folder: TreePath): boolean;
  /** Number of paths after which counting stops */
  readonly bound: number;
  readonly signal: AbortSignal | undefined;
};

/** Lists everything below a folder that is no repository, in the order of names, never entering a link. */
export async function walkFolder(walk: Walk): Promise<Candidates> {
  const paths: Candidate[] = [];
  const unreadable: TreePath[] = [];
  const open: TreePath[] = [{ path: "" }];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (paths.length > walk.bound) return { paths, unreadable, truncated: true };
    await setImmediate();
    walk.signal?.throwIfAborted();
    const found = listFolder(walk.root, folder);
    if (found === undefined) unreadable.push(folder);
    else if (found.length === 0 && folder.path !== "") paths.push({ ...folder, tracked: false, folder: true });
    const below: TreePath[] = [];
    for (const entry of found ?? []) {
      const path = joinTreePath(folder, parseTreePath(entry.name));
      if (!entry.isDirectory()) paths.push({ ...path, tracked: false });
      else if (isGitInternal(path.path) || walk.skip(path)) paths.push({ ...path, tracked: false, folder: true });
      else below.push(path);
    }
    open.push(...below.reverse());
  }
  return { paths, unreadable, truncated: false };
}

function listFolder(root: string, folder: TreePath): readonly Dirent<Buffer>[] | undefined {
  try {
    const found = readdirSync(systemPath(root, folder), { withFileTypes: true, encoding: "buffer" });
    return found.sort((a, b) => Buffer.compare(a.name, b.name));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    if (code === "EACCES" || code === "EPERM" || code === "ENAMETOOLONG" || code === "ELOOP") return undefined;
    throw error;
  }
}
