import type { BottleFolders } from "./bottle-folders.ts";
import type { BottleRecord } from "./record.ts";
import { type RemoveOptions, removeState } from "./remove-state.ts";
import { writeRecord } from "./write-record.ts";

/** Turns a bottle whose process is gone into one that ended: its home and scratch folders go, workspace and journal stay. */
export async function settleBottle(
  folders: BottleFolders,
  record: BottleRecord,
  now: Date,
  options: RemoveOptions,
): Promise<void> {
  await removeState(folders.home, options);
  await removeState(folders.scratch, options);
  await writeRecord(folders.record, { ...record, status: "ended", endedAt: now.toISOString() });
}
