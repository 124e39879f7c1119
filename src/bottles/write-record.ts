import { writeAtomically } from "../base/files.ts";
import { renderRecord } from "./parse-record.ts";
import type { BottleRecord } from "./record.ts";

/** Replaces a bottle's record; whoever reads meanwhile sees the old one or the new one. */
export async function writeRecord(path: string, record: BottleRecord): Promise<void> {
  await writeAtomically(path, renderRecord(record));
}
