import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemErrorCode } from "./errors.ts";

/** The nearest folder, from `start` upwards, that holds an entry called `name`; undefined when none does. */
export async function findUpwards(start: string, name: string): Promise<string | undefined> {
  for (let folder = start; ; folder = dirname(folder)) {
    if (await isThere(join(folder, name))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return false;
    throw error;
  }
}
