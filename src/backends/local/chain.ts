import type { Programs } from "./programs.ts";

/** Whom a guest's processes are on the host. */
export type Identity =
  /** An ordinary user's own bottle */
  | { readonly kind: "self"; readonly uid: number; readonly gid: number }
  /** Started by root, dropped to another user before bubblewrap sees anything */
  | { readonly kind: "dropped"; readonly uid: number; readonly gid: number };

/** One folder that stage 0 brings into reach of the dropped user. */
export type StagedFolder = { readonly source: string; readonly target: string };

/** Folder of the private file system in which stage 0 gathers what the bottle is made from. */
export const STAGE = "/run/bottle";

/**
 * Runs in the holder: says who it is and then only waits. It ends when the pipe that we alone hold is closed. Listening
 * sockets in the bottle's network namespace would be made here, before the pid is printed.
 */
const HOLD = 'echo "$$"; exec "$0" >/dev/null';

/** Mounts what the file in its first argument says, in one process; what follows is run dropped. */
const STAGE_ZERO = '"$0" -a -T "$1"; shift; exec "$@"';

/** Joins the control groups named before `--`, then becomes the rest. */
const JOIN = 'while [ "$1" != -- ]; do echo "$$" >"$1"; shift; done; shift; exec "$@"';

type Chain = readonly [string, ...string[]];

/** The command that makes a guest's namespaces and holds them: one program becoming the next, no shell left over. */
export function makeHolderChain(
  programs: Programs,
  identity: Identity,
  mounts: string,
  groups: readonly string[],
): Chain {
  const holder: Chain = [
    programs.bwrap,
    ...["--unshare-user", "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/", "--"],
    ...[programs.sh, "-ec", HOLD, programs.cat],
  ];
  if (identity.kind === "self") return join(programs, groups, holder);
  const own = [programs.unshare, "-m", "--propagation", "private", "--"] as const;
  const stage = [programs.sh, "-ec", STAGE_ZERO, programs.mount, mounts] as const;
  return join(programs, groups, [...own, ...stage, ...drop(programs, identity), ...holder]);
}

/** What a bottle's launch is made of besides its arguments, which travel by descriptor. */
export type Launch = {
  readonly holderPid: number;
  readonly pids: number;
  readonly terminal: boolean;
  readonly descriptors: { readonly args: number; readonly filter: number; readonly status: number };
  readonly argv: readonly string[];
};

/** The command that runs a bottle inside the holder's namespaces. */
export function makeLaunchChain(
  programs: Programs,
  identity: Identity,
  launch: Launch,
  groups: readonly string[],
): Chain {
  const { args, filter, status } = launch.descriptors;
  const enter: Chain = [
    programs.nsenter,
    ...["-t", String(launch.holderPid), "-U", "-n", "-m", "--preserve-credentials", "--wd=/", "--"],
    ...[programs.prlimit, `--nproc=${launch.pids}:${launch.pids}`, "--core=0:0", "--"],
    ...(launch.terminal ? [programs.setsid, "-c"] : []),
    ...[programs.bwrap, "--args", String(args), "--seccomp", String(filter), "--json-status-fd", String(status)],
    ...["--", ...launch.argv],
  ];
  return join(programs, groups, identity.kind === "self" ? enter : [...drop(programs, identity), ...enter]);
}

function join(programs: Programs, groups: readonly string[], chain: Chain): Chain {
  if (groups.length === 0) return chain;
  return [programs.sh, "-ec", JOIN, "sh", ...groups.map((group) => `${group}/cgroup.procs`), "--", ...chain];
}

function drop(programs: Programs, { uid, gid }: Identity): Chain {
  return [programs.setpriv, "--reuid", String(uid), "--regid", String(gid), "--clear-groups", "--"];
}

/** What stage 0 mounts, as an fstab: a private file system over `/run`, and the folders of the guest in it. */
export function renderMounts(staged: readonly StagedFolder[]): string {
  const binds = staged.map(({ source, target }) => {
    return `${escapeField(source)} ${escapeField(target)} none rbind,X-mount.mkdir=0711 0 0`;
  });
  return ["bottle /run tmpfs mode=0711,size=1m,nosuid,nodev 0 0", ...binds, ""].join("\n");
}

/** A path as a field of an fstab: every byte that could mean something is written in octal. */
function escapeField(path: string): string {
  const bytes = [...Buffer.from(path)];
  return bytes
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9/._-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, "0")}`;
    })
    .join("");
}
