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
 * Runs in the holder: says who it is, starts what listens if anything does, which alone gets Node's channel, and then only
 * waits. It ends when the pipe that we alone hold is closed.
 */
const HOLD = 'echo "$$"; if [ $# -gt 0 ]; then "$@" </dev/null >/dev/null & fi; exec "$0" >/dev/null 3>&-';

/** Mounts what the file in its first argument says, in one process; what follows is run dropped. */
const STAGE_ZERO = '"$0" -a -T "$1"; shift; exec "$@"';

/** Joins the control groups named before `--`, then becomes the rest. */
const JOIN = 'while [ "$1" != -- ]; do echo "$$" >"$1"; shift; done; shift; exec "$@"';

type Chain = readonly [string, ...string[]];

/** What is put together before the namespaces of a guest can stand. */
export type Holding = {
  /** File of what stage 0 mounts */
  readonly mounts: string;
  readonly groups: readonly string[];
  /** The command that listens in them, if anything does */
  readonly listen: readonly string[];
};

/** The command that makes a guest's namespaces and holds them: one program becoming the next, no shell left over. */
export function makeHolderChain(programs: Programs, identity: Identity, { mounts, groups, listen }: Holding): Chain {
  const holder: Chain = [
    programs.bwrap,
    ...["--unshare-user", "--unshare-net", "--die-with-parent", "--dev-bind", "/", "/", "--"],
    ...[programs.sh, "-ec", HOLD, programs.cat, ...listen],
  ];
  if (identity.kind === "self") return join(programs, groups, holder);
  const own = [programs.unshare, "-m", "--propagation", "private", "--"] as const;
  const stage = [programs.sh, "-ec", STAGE_ZERO, programs.mount, mounts] as const;
  return join(programs, groups, [...own, ...stage, ...drop(programs, identity), ...holder]);
}

/**
 * The one limit of cores at which the kernel neither writes a file nor starts the handler that `core_pattern` may name; at 0
 * it starts the handler, as the host's root.
 */
export const CORE_BYTES = 1;

/** What a bottle's launch is made of besides its arguments, which travel by descriptor. */
export type Launch = {
  readonly holderPid: number;
  readonly pids: number;
  readonly coreBytes: number;
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
  const inside: Chain = [
    ...enter(programs, launch.holderPid),
    ...[programs.prlimit, `--nproc=${launch.pids}:${launch.pids}`],
    ...[`--core=${launch.coreBytes}:${launch.coreBytes}`, "--"],
    ...(launch.terminal ? [programs.setsid, "-c"] : []),
    ...[programs.bwrap, "--args", String(args), "--seccomp", String(filter), "--json-status-fd", String(status)],
    ...["--", ...launch.argv],
  ];
  return join(programs, groups, dropped(programs, identity, inside));
}

/**
 * Runs beside the holder, on the host's own file system and dropped, before anything of the guest runs: makes the listening
 * sockets of the link, sends them over Node's channel, and ends.
 */
const LISTEN = `const net = require("node:net"), self = process, ports = self.argv.slice(1).map(Number);
const fail = (error) => { self.stderr.write(String(error.message)); self.exit(1); };
self.once("disconnect", () => self.exit(1));
(function next() {
  const port = ports.shift();
  if (port === undefined) self.exit(0);
  const server = net.createServer().once("error", fail);
  server.listen(port, "127.0.0.1", () => self.send({ port }, server, (error) => (error ? fail(error) : next())));
})();`;

/** The command that makes listening sockets in a guest's network and hands them to us; `node` is its path for the holder. */
export function makeListenCommand(node: string, ports: readonly number[]): readonly string[] {
  return ports.length === 0 ? [] : [node, "-e", LISTEN, ...ports.map(String)];
}

function enter(programs: Programs, holderPid: number): Chain {
  return [programs.nsenter, "-t", String(holderPid), "-U", "-n", "-m", "--preserve-credentials", "--wd=/", "--"];
}

function join(programs: Programs, groups: readonly string[], chain: Chain): Chain {
  if (groups.length === 0) return chain;
  return [programs.sh, "-ec", JOIN, "sh", ...groups.map((group) => `${group}/cgroup.procs`), "--", ...chain];
}

function dropped(programs: Programs, identity: Identity, chain: Chain): Chain {
  return identity.kind === "self" ? chain : [...drop(programs, identity), ...chain];
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
