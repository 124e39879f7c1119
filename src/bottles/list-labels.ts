import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { isAlive } from "../base/holder.ts";
import { readLock } from "../base/lock.ts";
import { readFolderIfThere } from "../base/read-folder.ts";
import { LABELS } from "./bottle-folders.ts";

/** A label that was claimed on this machine. */
export type ListedLabel = {
  readonly label: string;
  readonly path: string;
  /** Slug it was claimed for, empty when the lock file is damaged */
  readonly slug: string;
  /** Whether the process that claimed it lives; a damaged one is taken to */
  readonly alive: boolean;
};

/** All labels of a state folder, sorted. To remove one that is not alive, take its lock and release it. */
export async function listLabels(state: string): Promise<readonly ListedLabel[]> {
  const folder = join(state, LABELS);
  const names = (await readFolderIfThere(folder)).filter((name) => !name.includes("~"));
  const labels = await Promise.all(names.map((label) => readLabel(label, join(folder, label))));
  return labels.filter((label) => label !== undefined);
}

async function readLabel(label: string, path: string): Promise<ListedLabel | undefined> {
  try {
    const lock = await readLock(path);
    if (lock === undefined) return undefined;
    return { label, path, slug: lock.note, alive: await isAlive(lock) };
  } catch (error) {
    if (error instanceof BottleError) return { label, path, slug: "", alive: true };
    throw error;
  }
}
