import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { isSecretFolder } from "./secret-names.ts";

/** A folder's real path; throws `workspace/unreadable` when there is no folder to read. */
export function resolveFolder(folder: string): string {
  try {
    const real = realpathSync(folder);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const why = systemErrorCode(error) ?? "unknown";
    throw new BottleError("workspace/unreadable", `cannot read the folder ${folder}: ${why}`, {
      hint: "change to a folder that exists and that you may read",
      cause: error,
    });
  }
  throw new BottleError("workspace/unreadable", `${folder} is not a folder`, { hint: "change to a folder" });
}

/**
 * Throws `workspace/not-allowed` for a folder that is never copied: `/`, the home folder and what is above it, by
 * whatever name it was reached, and folders that hold keys. `isRepository` says that it is the top of a repository.
 */
export function refuseFolder(folder: string, userHome: string, isRepository: boolean): void {
  const hint = isRepository
    ? "start in a folder with a repository of its own: `git init` there makes one"
    : "change to the folder of one project, or use `workspace: {mode: none}`";
  const top = isRepository ? "the repository you are in starts at" : "this folder is";
  const refuse = (what: string) => {
    throw new BottleError("workspace/not-allowed", `${top} ${what}, which is never copied into a bottle`, { hint });
  };
  if (folder === "/") refuse("`/`");
  const home = realHome(userHome);
  const here = statSync(folder);
  for (let above = home; above !== "/"; above = dirname(above)) {
    if (isSame(here, statSync(above))) refuse(above === home ? "your home folder" : `${above}, above your home folder`);
  }
  const parts = relative(home, folder).split("/");
  if (parts[0] !== ".." && parts.some(isSecretFolder)) refuse("a folder of keys");
}

function realHome(userHome: string): string {
  try {
    return realpathSync(userHome);
  } catch {
    return "/"; // no home folder, nothing of it to protect
  }
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
