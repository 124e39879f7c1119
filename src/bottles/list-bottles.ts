import { readTextIfThere } from "../base/files.ts";
import { isAlive } from "../base/holder.ts";
import { parseSlug, type Slug } from "../base/ids.ts";
import { readFolderIfThere } from "../base/read-folder.ts";
import { type BottleFolders, makeBottleFolders } from "./bottle-folders.ts";
import { parseHolder } from "./parse-holder.ts";
import { readRecord } from "./read-record.ts";
import type { BottleRecord } from "./record.ts";

/** What a bottle does now; `dead` is one that nobody holds any more although its record says otherwise. */
export type BottleStatus = "running" | "starting" | "ended" | "dead";

/** One bottle of this machine. */
export type ListedBottle = {
  readonly slug: Slug;
  readonly folders: BottleFolders;
  readonly status: BottleStatus;
  /** Undefined when there is none yet, or none that can be read */
  readonly record: BottleRecord | undefined;
  /** Why the record cannot be read, if it cannot */
  readonly damage: string | undefined;
};

/** All bottles of a state folder, oldest first, those without a usable record last. A damaged one never hides the others. */
export async function listBottles(state: string): Promise<readonly ListedBottle[]> {
  const slugs = (await readFolderIfThere(state)).map(parseSlug).filter((slug) => slug !== undefined);
  const bottles = await Promise.all(slugs.map((slug) => readBottle(slug, makeBottleFolders(state, slug))));
  return bottles.sort(
    (a, b) => compare(a.record?.startedAt ?? "~", b.record?.startedAt ?? "~") || compare(a.slug, b.slug),
  );
}

async function readBottle(slug: Slug, folders: BottleFolders): Promise<ListedBottle> {
  const found = await readRecord(folders.record);
  if (found.kind === "record") {
    const { record } = found;
    if (record.slug !== slug) return unrecorded(slug, folders, `it is the record of ${record.slug}`);
    const status = record.status === "ended" || (await isAlive(record.holder)) ? record.status : "dead";
    return { slug, folders, status, record, damage: undefined };
  }
  return unrecorded(slug, folders, found.kind === "damaged" ? found.why : undefined);
}

async function unrecorded(slug: Slug, folders: BottleFolders, damage: string | undefined): Promise<ListedBottle> {
  const text = await readTextIfThere(folders.holder).catch(() => undefined);
  const holder = text === undefined ? undefined : parseHolder(text);
  const alive = holder !== undefined && (await isAlive(holder));
  return { slug, folders, status: alive ? "starting" : "dead", record: undefined, damage };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
