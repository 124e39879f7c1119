import { readdir } from "node:fs/promises";
import { systemErrorCode } from "./errors.ts";
import { fileError } from "./files.ts";

/** The names in a folder, sorted; none when there is no such folder. Throws `file/…` errors for everything else. */
export async function readFolderIfThere(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw fileError(error, "read", path);
  }
}
