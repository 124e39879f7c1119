import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { systemErrorCode } from "../base/errors.ts";
import { fileError, readTextIfThere } from "../base/files.ts";
import { type Holder, isAlive } from "../base/holder.ts";
import { PLACING } from "../base/lock.ts";
import { parseLockText } from "../base/lock-text.ts";
import { readFolderIfThere } from "../base/read-folder.ts";
import { parseTemporaryHolder } from "../base/temporary-name.ts";
import { CLAIMING, LABELS, REMOVING } from "./bottle-folders.ts";

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
    if (name.startsWith(CLAIMING) && (await isAbandoned(path, parseTemporaryHolder(CLAIMING, name), now))) {
      found.push({ kind: "folder", path, why: "its claim was not finished" });
    }
  }
  for (const name of await readFolderIfThere(join(state, LABELS))) {
    const path = join(state, LABELS, name);
    if (!name.includes("~")) continue;
    const holder = parseTemporaryHolder(PLACING, name.slice(name.lastIndexOf("~") + 1)) ?? (await readHolderOf(path));
    if (await isAbandoned(path, holder, now)) {
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

async function readHolderOf(lock: string): Promise<Holder | undefined> {
  const text = await readTextIfThere(lock);
  return text === undefined ? undefined : parseLockText(text);
}

async function isAbandoned(path: string, holder: Holder | undefined, now: Date): Promise<boolean> {
  if (holder !== undefined) return !(await isAlive(holder));
  try {
    return now.getTime() - (await lstat(path)).mtimeMs > SETTLED_AFTER_MS;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw fileError(error, "read", path);
  }
}
