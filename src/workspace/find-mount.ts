import { statSync } from "node:fs";
import { relative } from "node:path";
import type { Paths } from "../base/paths.ts";
import { refuseFolder, resolveFolder } from "./allowed-folder.ts";
import { findRepository } from "./find-repository.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { refuseForeign } from "./refuse-foreign.ts";

/** What a mount would show of a folder, without looking into it. */
export type FoundMount = {
  readonly root: string;
  readonly kind: "git" | "folder";
  readonly subfolder: string;
  readonly branch: undefined;
  readonly files: 0;
  readonly bytes: 0;
  readonly leftOut: readonly [];
  readonly owner: { readonly uid: number; readonly gid: number };
};

/** Whoever asks for a mount. */
type Caller = { readonly userHome: string; readonly uid: number; readonly paths: Paths };

/** Finds the folder that a mount would show: the repository, or the folder itself. Throws `workspace/not-allowed`. */
export function findMount(start: string, { userHome, uid: caller, paths }: Caller): FoundMount {
  const folder = resolveFolder(start);
  const repository = findRepository(folder);
  const root = repository?.root ?? folder;
  refuseFolder(root, userHome, repository !== undefined);
  refuseOwnFolders(root, paths);
  if (repository !== undefined) refuseForeign(repository, folder, caller);
  const { uid, gid } = statSync(root);
  const kind = repository === undefined ? "folder" : "git";
  return {
    root,
    kind,
    subfolder: relative(root, folder),
    branch: undefined,
    files: 0,
    bytes: 0,
    leftOut: [],
    owner: { uid, gid },
  };
}
