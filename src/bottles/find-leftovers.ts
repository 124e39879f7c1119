import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { systemErrorCode } from "../base/errors.ts";
import { fileError, readTextIfThere } from "../base/files.ts";
import { isAlive } from "../base/holder.ts";
import { parseLockText } from "../base/lock-text.ts";
import { readFolderIfThere } from "../base/read-folder.ts";
import { parseTemporaryHolder } from "../base/temporary-name.ts";
import { CLAIMING, foldersAt, LABELS, REMOVING } from "./bottle-folders.ts";
import { parseHolder } from "./parse-holder.ts";

/** Something of ours that a killed process left half-made. */
export type Leftover = {
  readonly kind: "folder" | "file" | "scratch";
  readonly path: string;
  readonly why: string;
};

/** Nothing of ours stays half-made for so long, `ms` */
const SETTLED_AFTER_MS = 60_000;

/** What killed processes left half-made in a state folder; what a living one is about to finish is not among it. */
export async function findLeftovers(state: string, now: Date): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const name of await readFolderIfThere(state)) {
    const path = join(state, name);
    if (name.startsWith(REMOVING)) found.push({ kind: "folder", path, why: "its removal was not finished" });
    if (name.startsWith(CLAIMING) && (await isAbandoned(path, foldersAt(path).holder, now))) {
      found.push({ kind: "folder", path, why: "its claim was not finished" });
    }
  }
  for (const name of await readFolderIfThere(join(state, LABELS))) {
    const path = join(state, LABELS, name);
    if (name.includes("~") && (await isAbandoned(path, path, now))) {
      found.push({ kind: "file", path, why: "taking a label was not finished" });
    }
  }
  return found;
}

/** What killed processes left of the trials that a probe runs; a living one's is not among it. */
export async function findAbandonedTrials(cache: string): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const name of await readFolderIfThere(cache)) {
    const holder = parseTemporaryHolder("trial", name);
    if (holder === undefined || (await isAlive(holder))) continue;
    found.push({ kind: "folder", path: join(cache, name), why: "its trial was not finished" });
  }
  return found;
}

async function isAbandoned(path: string, holderFile: string, now: Date): Promise<boolean> {
  const text = await readTextIfThere(holderFile);
  const holder = text === undefined ? undefined : (parseLockText(text) ?? parseHolder(text));
  if (holder !== undefined) return !(await isAlive(holder));
  try {
    return now.getTime() - (await lstat(path)).mtimeMs > SETTLED_AFTER_MS;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw fileError(error, "read", path);
  }
}
