import { dirname, join } from "node:path";
import { makeOwnedFolder, writeOwnedFile } from "../base/owned-files.ts";
import type { SeedFile } from "../plan/planned-provider.ts";

type Owner = { readonly uid: number; readonly gid: number } | undefined;

/** Writes files into a home folder in which nothing runs yet; a later one of the same path is not written. */
export async function seedHome(home: string, files: readonly SeedFile[], owner: Owner): Promise<void> {
  const made = new Set<string>();
  const first = new Map(files.toReversed().map((file) => [file.path, file]));
  for (const { path, content, mode } of first.values()) {
    for (const folder of foldersOf(path)) {
      if (made.has(folder)) continue;
      made.add(folder);
      await makeOwnedFolder(join(home, folder), owner);
    }
    await writeOwnedFile(join(home, path), content, owner, mode);
  }
}

/** `a/b/c.txt` → `a`, `a/b` */
function foldersOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [...foldersOf(parent), parent];
}
