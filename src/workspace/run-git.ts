import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { BottleError } from "../base/errors.ts";
import type { Holder } from "../base/holder.ts";
import type { Finished, Run } from "../base/process.ts";
import { SYSTEM_PATH } from "../base/system-path.ts";

/** The uid and gid that git runs under; undefined when it is our own. */
export type RunAs = { readonly uid: number; readonly gid: number } | undefined;

/** How a git command is started; the arguments after `git` and its configuration. */
export type GitCall = {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Descriptor that takes the output, however large */
  readonly stdoutTo?: number;
};

/** What starting git needs to know of the outside. */
export type GitHost = {
  readonly run: Run;
  readonly as: RunAs;
  readonly signal: AbortSignal | undefined;
  /** The process that we are, by which what it leaves when it is killed is found again */
  readonly holder: Holder | undefined;
};

/** A git that somebody built and installed for all users goes before the distribution's, as in a shell. */
const GIT_PATH = `/usr/local/bin:${SYSTEM_PATH}`;

/** Everything git is told by environment; nothing of the caller's reaches it. */
const GIT_ENV: Readonly<Record<string, string>> = {
  PATH: GIT_PATH,
  LC_ALL: "C",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "none",
};

/** Switched off by name as well, although no configuration that could switch them on is ever read. */
const GIT_SETTINGS = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.untrackedCache=false",
  "core.pager=cat",
];

/** What git writes for us is thrown away after a crash: it need not wait for the disk. */
const GIT_SPEED = ["core.fsync=none"];

/** Longest that one git command may take, `ms`: a million untracked files on a slow disk, with room. */
const GIT_TIMEOUT_MS = 10 * 60_000;

/** Runs one git command with nothing of the caller's environment or configuration; throws when it fails. */
export async function runGit(host: GitHost, call: GitCall): Promise<Finished> {
  const settings = [...GIT_SETTINGS, ...GIT_SPEED].flatMap((setting) => ["-c", setting]);
  const finished = await host.run(["git", "--no-pager", ...settings, ...call.args], {
    env: { ...GIT_ENV, ...call.env },
    cwd: call.cwd,
    timeoutMs: GIT_TIMEOUT_MS,
    ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
    ...(call.stdoutTo === undefined ? {} : { stdoutTo: call.stdoutTo }),
    ...(host.signal === undefined ? {} : { signal: host.signal }),
    ...(host.as ?? {}),
  });
  host.signal?.throwIfAborted();
  if (finished.exit.kind === "code" && finished.exit.code === 0) return finished;
  throw gitError(call.args[0] ?? "", finished.stderr);
}

/**
 * Whom git runs as for a tree: its owner when we are root and the owner is somebody else. An owner who cannot reach the
 * folders at all, as after unpacking an archive below `/root`, cannot have prepared anything there either: then ourselves.
 */
export function chooseRunAs(
  uid: number,
  owner: { readonly uid: number; readonly gid: number },
  folders: readonly string[],
): RunAs {
  if (uid !== 0 || owner.uid === 0) return undefined;
  return folders.every((folder) => canReach(owner, folder)) ? { uid: owner.uid, gid: owner.gid } : undefined;
}

function canReach(owner: { readonly uid: number; readonly gid: number }, folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (!maySearch(statSync(at), owner)) return false;
    if (at === "/") return true;
  }
}

function maySearch(found: Stats, owner: { readonly uid: number; readonly gid: number }): boolean {
  if (found.uid === owner.uid) return (found.mode & 0o100) !== 0;
  return (found.mode & (found.gid === owner.gid ? 0o010 : 0o001)) !== 0;
}

function gitError(command: string, stderr: string): BottleError {
  const why = stderr
    .replace(/[^\x20-\x7e\n]/g, "?")
    .split("\n")
    .find((line) => /^(fatal|error): /.test(line));
  if (/No space left on device|Out of diskspace|Disk quota exceeded/.test(stderr)) {
    return new BottleError("file/disk-full", "cannot copy the repository: the disk is full", {
      hint: "free some space, then try again; `bottle cleanup` removes what ended bottles left",
    });
  }
  return new BottleError("workspace/unreadable", `git ${command}: ${why ?? "failed without saying why"}`, {
    hint: "`git fsck` and `git status` in the repository show what is damaged",
  });
}
