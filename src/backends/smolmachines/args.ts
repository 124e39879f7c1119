import type { GuestSpec } from "../backend.ts";
import { LABELS } from "../labels.ts";
import { COMMAND_VARIABLE, LAUNCHER } from "../launcher.ts";

/** Where the sockets of a bottle are inside. */
export const SOCKET_FOLDER = "/run/bottle";

/** The socket that the main process speaks over. */
export const CONTROL_SOCKET = "control";

/** Everything about a machine that its form does not say. */
export type MachineParts = {
  readonly name: string;
  /** File of the image, or of a packed machine */
  readonly artifact: string;
  readonly mark: string;
  /** Numeric user and group, where smolvm lets us choose */
  readonly user: string | undefined;
  /** Folder of the host's sockets, and their names; undefined where smolvm cannot show them to a machine */
  readonly sockets: { readonly folder: string; readonly names: readonly string[] } | undefined;
  /** Folders of the host that it sees */
  readonly folders: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
  readonly program: string;
};

const MEBIBYTE = 1024 * 1024;
const DEFAULT_CPUS = 4;
const DEFAULT_MEMORY = 8192;

/** The words that make a machine without any network; pure. */
export function makeCreateArgs(spec: GuestSpec, parts: MachineParts): readonly string[] {
  const { limits, workspace } = spec;
  const { sockets } = parts;
  return [
    ...["machine", "create", "--name", parts.name],
    ...[parts.artifact.endsWith(".smolmachine") ? "--from" : "--image", parts.artifact],
    ...["--cpus", String(limits.cpus === undefined ? DEFAULT_CPUS : Math.max(1, Math.ceil(limits.cpus)))],
    ...["--mem", String(memoryMegabytes(limits.memoryBytes))],
    ...["--label", `${LABELS.slug}=${spec.slug}`, "--label", `${LABELS.home}=${parts.mark}`],
    ...(workspace.kind === "folder" ? ["--label", `${LABELS.workspace}=${workspace.path}`] : []),
    ...(sockets?.names ?? []).flatMap((name) => [
      ...["--mount-socket", `${sockets?.folder}/${name}:${SOCKET_FOLDER}/${name}`],
    ]),
    ...parts.folders.flatMap(({ source, target, readOnly }) => [
      ...["--volume", `${source}:${target}:${readOnly ? "ro" : "rw"}`],
    ]),
    ...(parts.user === undefined ? [] : ["--user", parts.user]),
    ...(sockets === undefined
      ? ["--", "sleep", "infinity"]
      : ["--", "node", "-e", parts.program, `${SOCKET_FOLDER}/${CONTROL_SOCKET}`]),
  ];
}

function memoryMegabytes(bytes: number | undefined): number {
  return bytes === undefined ? DEFAULT_MEMORY : Math.max(256, Math.ceil(bytes / MEBIBYTE));
}

/** How a command is started in a machine that runs. */
export type ExecParts = {
  readonly name: string;
  readonly user: string | undefined;
  /** Mark of everything the command starts */
  readonly mark: string;
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
  /** Folders that come before and after the image's own on the PATH */
  readonly path: { readonly before: string; readonly after: string };
};

/** The words that start a launcher, which is told its command over standard input: no value is in an argument. Pure. */
export function makeExecArgs({ name, user, mark, terminal, path }: ExecParts): readonly string[] {
  return [
    ...["machine", "exec", "--name", name, "-i", ...(terminal === undefined ? [] : ["-t"]), "-w", "/"],
    ...(user === undefined ? [] : ["--user", user]),
    ...["-e", `${COMMAND_VARIABLE}=${mark}`, "--", "sh", "-c", LAUNCHER, "bottle", mark, path.before, path.after],
    ...[String(terminal?.columns ?? 0), String(terminal?.rows ?? 0)],
  ];
}

/** The words that start the main process over standard streams, in a machine without sockets; pure. */
export function makeMainArgs(name: string, user: string | undefined, program: string): readonly string[] {
  return [
    ...["machine", "exec", "--name", name, "-i", ...(user === undefined ? [] : ["--user", user])],
    ...["--", "node", "-e", program, OVER_STREAMS],
  ];
}

/** What the main process of a machine is told instead of the path of its socket. */
const OVER_STREAMS = "-";

/** The words that run a script as root, where smolvm lets us choose; pure. */
export function makeRootArgs(name: string, script: string, args: readonly string[]): readonly string[] {
  return ["machine", "exec", "--name", name, "--user", "0:0", "--", "sh", "-c", script, "bottle", ...args];
}

/** The words that print a folder of a machine as an archive; pure. */
export function makeArchiveArgs(name: string, user: string | undefined, folder: string): readonly string[] {
  return [
    ...["machine", "exec", "--name", name, "-i", ...(user === undefined ? [] : ["--user", user])],
    ...["--", "tar", "-c", "-f", "-", "-C", folder, "."],
  ];
}

/** The words that end and remove a machine, whatever it does; without `-f` it would ask, and say nothing when nobody answers. */
export function makeDeleteArgs(name: string): readonly string[] {
  return ["machine", "delete", "--name", name, "-f"];
}
