import { posix } from "node:path";
import type { SecretValue } from "../../base/secret-value.ts";
import type { GuestCommand, GuestFile, GuestSpec } from "../backend.ts";
import type { HostView } from "./host-view.ts";

/** Where the parts of a guest lie for the process that starts bubblewrap. */
export type Sources = {
  readonly home: string;
  readonly workspace: string | undefined;
  readonly etc: string;
  /** Path of the running Node */
  readonly node: string;
  /** Folders of tools: where each lies now, and where it appears inside */
  readonly tools: readonly { readonly source: string; readonly target: string }[];
  /** What of the tools goes on the PATH */
  readonly toolPaths: readonly string[];
};

/** Where what we bring along is inside. */
export const OWN_FOLDER = "/opt/bot-bottle";

/** Where our own programs are inside. */
export const OWN_PROGRAMS: string = `${OWN_FOLDER}/bin`;

const MEBIBYTE = 1024 * 1024;
const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The arguments that bubblewrap reads by descriptor, in its order of mounting; pure. */
export function makeBottleArgs(
  spec: GuestSpec,
  command: Omit<GuestCommand, "argv">,
  sources: Sources,
  host: HostView,
): readonly (string | SecretValue)[] {
  return [
    ...isolation(spec, command),
    ...system(host, sources, spec.files ?? []),
    ...kernelFolders(host, spec.limits.memoryBytes),
    ...ownFolders(spec, sources),
    ...["--remount-ro", "/"], // bubblewrap's root is a tmpfs without a size
    ...environment(spec, command, sources, host),
    ...["--chdir", command.cwd],
  ];
}

function isolation(spec: GuestSpec, command: Omit<GuestCommand, "argv">): readonly string[] {
  const { uid, gid, hostname } = spec.layout;
  return [
    ...["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--disable-userns", "--uid", String(uid), "--gid", String(gid), "--hostname", hostname],
    ...["--die-with-parent", "--cap-drop", "ALL", "--clearenv"],
    ...(command.terminal === undefined ? ["--new-session"] : []), // with a terminal, setsid has made the session
  ];
}

function system(host: HostView, sources: Sources, files: readonly GuestFile[]): readonly string[] {
  // a folder of the host would hide the files that the guest is given, and bring in what they replace
  const folders = host.etcFolders.filter((folder) => !files.some(({ path }) => path.startsWith(`${folder}/`)));
  return [
    ...["--ro-bind", "/usr", "/usr"],
    ...host.rootEntries.flatMap((entry) =>
      entry.kind === "link" ? ["--symlink", entry.target, entry.path] : ["--ro-bind", entry.path, entry.path],
    ),
    ...["--ro-bind", sources.etc, "/etc"],
    ...folders.flatMap((path) => ["--ro-bind", path, path]),
  ];
}

function kernelFolders(host: HostView, memoryBytes: number | undefined): readonly string[] {
  return [
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"],
    ...host.procMasks.flatMap((path) => ["--ro-bind", "/dev/null", path]),
    ...["--dev", "/dev", ...tmpfs("/dev/shm", "1777", 256 * MEBIBYTE), "--remount-ro", "/dev"],
    ...tmpfs("/tmp", "1777", temporaryBytes(memoryBytes)),
    ...tmpfs("/run", "0755", 64 * MEBIBYTE),
    ...["--perms", "0755", "--dir", "/var", "--symlink", "../tmp", "/var/tmp"],
  ];
}

/** A tmpfs is memory: never more than half of what the bottle may use. */
function temporaryBytes(memoryBytes: number | undefined): number {
  const most = 2048 * MEBIBYTE;
  return memoryBytes === undefined ? most : Math.min(most, Math.max(16 * MEBIBYTE, Math.floor(memoryBytes / 2)));
}

function tmpfs(path: string, mode: string, bytes: number): readonly string[] {
  return ["--perms", mode, "--size", String(bytes), "--tmpfs", path];
}

function ownFolders(spec: GuestSpec, sources: Sources): readonly string[] {
  const { home, workspace } = spec.layout;
  return [
    ...["--perms", "0755", "--dir", posix.dirname(home), "--bind", sources.home, home],
    ...(sources.workspace === undefined ? ["--dir", workspace] : ["--bind", sources.workspace, workspace]),
    ...sources.tools.flatMap(({ source, target }) => ["--ro-bind", source, target]),
    ...["--perms", "0755", "--dir", "/opt", "--perms", "0755", "--dir", posix.dirname(OWN_PROGRAMS)],
    ...["--perms", "0755", "--dir", OWN_PROGRAMS, "--ro-bind", sources.node, `${OWN_PROGRAMS}/node`],
  ];
}

function environment(
  spec: GuestSpec,
  command: Omit<GuestCommand, "argv">,
  sources: Sources,
  host: HostView,
): readonly (string | SecretValue)[] {
  const { home, user } = spec.layout;
  const path = [OWN_PROGRAMS, ...sources.toolPaths, ...SYSTEM_PATH, `${home}/.local/bin`];
  const variables = new Map<string, string | SecretValue>([
    ["HOME", home],
    ["USER", user],
    ["LOGNAME", user],
    ["SHELL", host.shell],
    ["LANG", "C.UTF-8"],
    ["PATH", path.join(":")],
    ...(command.terminal === undefined ? [] : [["TERM", command.terminal.term] as const]),
    ...command.env,
  ]);
  return [...variables].flatMap(([name, value]) => ["--setenv", name, value]);
}
