import type { Readable, Writable } from "node:stream";
import type { Clock } from "./clock.ts";
import type { Paths } from "./paths.ts";

/** Where a command writes; a terminal also has a size. */
export type Output = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};

/** Where a command reads; a terminal can be switched to raw mode. */
export type Input = Readable & {
  readonly isTTY?: boolean | undefined;
  readonly fd?: number | undefined;
  setRawMode?(raw: boolean): unknown;
};

/** Everything a command may know of the process it runs in; only `main.ts` makes one. */
export type Context = {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The user's home folder */
  readonly userHome: string;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** Path of the running Node */
  readonly nodePath: string;
  /** Version of this program */
  readonly version: string;
  readonly paths: Paths;
  readonly clock: Clock;
  /** Aborted by SIGINT, SIGTERM or SIGHUP; its reason is the signal's name */
  readonly signal: AbortSignal;
  /** Calls back on each SIGINT, SIGTERM, SIGHUP, SIGWINCH or SIGCONT until the returned function is called. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
};
