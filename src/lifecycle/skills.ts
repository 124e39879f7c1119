import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { folderExists, listNames } from "../base/files.ts";
import { readSmallTree } from "../base/read-small-tree.ts";
import { suggestName } from "../manifest/order-layers.ts";
import type { SeedFile } from "../plan/planned-provider.ts";

const LIMITS = { files: 2_000, bytes: 32 * 1024 * 1024 };

/** The folder of each skill: in our own home folder, else among those of Claude Code. Throws `manifest/not-found`. */
export async function findSkills(
  { paths, userHome }: Pick<Context, "paths" | "userHome">,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const places = [paths.skills, join(userHome, ".claude/skills")];
  const found = new Map<string, string>();
  for (const name of names) {
    for (const place of places) {
      if (!found.has(name) && (await folderExists(join(place, name)))) found.set(name, join(place, name));
    }
    if (found.has(name)) continue;
    const there = (await Promise.all(places.map((place) => listNames(place)))).flatMap((list) => list ?? []);
    throw new BottleError("manifest/not-found", `there is no skill ${JSON.stringify(name)} in ${paths.skills}`, {
      hint: there.length === 0 ? `make the folder ${join(paths.skills, name)}` : suggestName(name, there),
    });
  }
  return found;
}

/** The files of skills, below the folder in which an agent program looks for them. */
export async function readSkills(folders: ReadonlyMap<string, string>, into: string): Promise<readonly SeedFile[]> {
  const files: SeedFile[] = [];
  for (const [name, folder] of folders) {
    for (const { path, content, executable } of await readSmallTree(folder, LIMITS)) {
      files.push({ path: `${into}/${name}/${path}`, content, mode: executable ? 0o700 : 0o600 });
    }
  }
  return files;
}
