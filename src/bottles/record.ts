import type { Holder } from "../base/holder.ts";
import type { Slug } from "../base/ids.ts";
import type { BackendName } from "../manifest/bottle.ts";

/** What `list` and `cleanup` know of one bottle; `record.json` in its state folder. */
export type BottleRecord = {
  readonly version: 1;
  readonly slug: Slug;
  readonly label: string | undefined;
  readonly bottle: string;
  readonly agent: string | undefined;
  readonly backend: BackendName;
  /** Folder it was started for */
  readonly source: string | undefined;
  readonly status: "starting" | "running" | "ended";
  /** Process that holds it: its pid and its start time in clock ticks since boot (field 22 of `/proc/PID/stat`) */
  readonly holder: Holder;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  readonly exitCode: number | undefined;
  /** What the workspace folder holds; undefined until it was looked at */
  readonly results: "none" | "unchanged" | "changed" | undefined;
  /** Where the journal's chain had reached when the bottle ended */
  readonly journal: { readonly length: number; readonly hash: string } | undefined;
};
