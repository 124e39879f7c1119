import type { Context } from "../base/context.ts";
import { removeOwnTree } from "../base/files.ts";
import { type Slug, systemIds } from "../base/ids.ts";
import type { BottleFolders } from "../bottles/bottle-folders.ts";
import type { BottleRecord } from "../bottles/record.ts";
import { removeState } from "../bottles/remove-state.ts";
import { writeRecord } from "../bottles/write-record.ts";
import type { Journal } from "../journal/open-journal.ts";
import { type Baseline, type Changes, findChanges, hasChanges } from "../workspace/find-changes.ts";
import { isQuiet } from "./is-quiet.ts";

/** What settling needs to know. */
export type Settling = {
  readonly record: BottleRecord;
  readonly journal: Journal;
  readonly folders: BottleFolders;
  readonly baseline: Baseline | undefined;
  readonly exitCode: number;
  /** The folder stays also when nothing changed */
  readonly keep: boolean;
};

/** What is left of a bottle: its state folder if somebody may want it, and what changed in the workspace. */
export type Settled = {
  readonly kept: boolean;
  readonly slug: Slug;
  readonly workspace: string;
  readonly folder: string;
  readonly changed: boolean;
  /** What changed; undefined when nothing was copied */
  readonly changes: Changes | undefined;
};

/** Looks at what the command changed, closes record and journal, and decides whether anything is worth keeping. */
export async function settle(context: Context, settling: Settling): Promise<Settled> {
  const { record, journal, folders, baseline, exitCode } = settling;
  const changes = baseline && (await findChanges(folders.workspace, baseline));
  const changed = changes !== undefined && hasChanges(changes);
  const kept = settling.keep || changed || exitCode !== 0;
  // Ours alone: what a bottle sees of it, it sees read-only.
  removeOwnTree(folders.scratch);
  if (kept) {
    await journal.sync();
    await writeRecord(folders.record, {
      ...record,
      status: "ended",
      endedAt: context.clock.now().toISOString(),
      exitCode,
      results: resultsOf(baseline !== undefined, changed),
      journal: journal.end(),
    });
    // Home and scratch were for the running bottle only; they may hold what an agent typed or cached. A workspace that did
    // not change can be copied again at any time.
    const options = { uid: context.uid, ids: systemIds, isQuiet };
    const spent = changed || settling.keep ? [folders.home] : [folders.home, folders.workspace];
    for (const folder of spent) await removeState(folder, options);
  }
  return { kept, slug: record.slug, changed, folder: folders.root, workspace: folders.workspace, changes };
}

function resultsOf(copied: boolean, changed: boolean): BottleRecord["results"] {
  if (!copied) return "none";
  return changed ? "changed" : "unchanged";
}
