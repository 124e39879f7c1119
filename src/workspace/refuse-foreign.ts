import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import type { RepositoryFolders } from "./find-repository.ts";

/**
 * Throws `workspace/not-allowed` for a repository that a stranger put above the folder, in `/tmp` say: it would decide what
 * the bottle gets.
 */
export function refuseForeign(repository: RepositoryFolders, folder: string, uid: number): void {
  if (repository.root === folder) return;
  const owner = lstatSync(join(repository.root, ".git")).uid;
  if (owner === uid || owner === statSync(folder).uid) return;
  throw new BottleError(
    "workspace/not-allowed",
    `the repository at ${repository.root} belongs to somebody else (uid ${owner})`,
    {
      hint: `start in ${repository.root} itself if that is what you want, or \`git init\` here`,
    },
  );
}
