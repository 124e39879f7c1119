import type { Run } from "../../base/process.ts";
import type { FilterArch } from "./seccomp/compile.ts";

/** What this backend must know of the process it runs in; only its maker reads the rest of the machine. */
export type LocalSetup = {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** Path of the running Node */
  readonly nodePath: string;
  /** `~/.bot-bottle`: tells the guests of one home from those of another */
  readonly home: string;
  /** What can be made again at any time; trials are run below it */
  readonly cacheFolder: string;
  readonly run: Run;
  /** Whether anything may be written or tried before a guest is made; a dry run only looks */
  readonly mayTry: boolean;
  /** Folder of the machine-wide claims of user ids, for root only; `/run/bot-bottle/uids` unless told */
  readonly claimsFolder?: string;
};

/** The architecture as one that has a filter, if it is. */
export function parseFilterArch(arch: NodeJS.Architecture): FilterArch | undefined {
  return arch === "x64" || arch === "arm64" ? arch : undefined;
}
