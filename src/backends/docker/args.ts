import { renderFrame } from "../../base/frames.ts";
import type { GuestSpec } from "../backend.ts";
import { LABELS, renderVolumeLabels } from "../labels.ts";
import { COMMAND_VARIABLE, LAUNCHER } from "../launcher.ts";

/** A folder or file of the host that a container sees. */
export type BindMount = { readonly source: string; readonly target: string; readonly readOnly: boolean };

/** Everything about a container that its form does not say. */
export type ContainerParts = {
  readonly name: string;
  /** Name of the volume that is its home folder */
  readonly volume: string;
  readonly mark: string;
  /** Whether the volume is made, and labelled, together with the container */
  readonly labelsVolumes: boolean;
  readonly image: string;
  /** Numeric user and group that everything inside runs as */
  readonly user: string;
  readonly runtime: string | undefined;
  readonly mounts: readonly BindMount[];
  /** Folders in memory that the main process fills */
  readonly ownFolders: readonly string[];
  /** Program that runs the text of the main process */
  readonly node: string;
  readonly program: string;
};

/** Where our own programs are inside. */
export const OWN_PROGRAMS = "/opt/bot-bottle/bin";

/** Where the sockets of the link are inside. */
export const SOCKET_FOLDER = "/run/bottle";

/** Processes of ours in every container: its init, and the threads of the main process with a tar or two */
const OWN_PIDS = 24;

/** Settings of the operator's command would bring the host's proxies, and their passwords, into every container. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"];

/** Says at once that the container is up, as a frame, and becomes the main process, which takes its time to load. */
const MAIN = `printf '${renderUp()}'; exec "$0" -e "$1"`;

function renderUp(): string {
  return [...renderFrame("up", 0)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

const MEBIBYTE = 1024 * 1024;

/** The words of `docker run` for a bottle; pure. */
export function makeRunArgs(spec: GuestSpec, parts: ContainerParts): readonly string[] {
  return [
    ...["run", "--interactive", "--pull", "never", "--name", parts.name, "--hostname", spec.layout.hostname],
    ...["--label", `${LABELS.slug}=${spec.slug}`, "--label", `${LABELS.home}=${parts.mark}`],
    ...(spec.workspace.kind === "folder" ? ["--label", `${LABELS.workspace}=${spec.workspace.path}`] : []),
    ...isolation(parts),
    ...limits(spec),
    ...folders(spec, parts),
    ...PROXY_VARIABLES.flatMap((name) => ["--env", `${name}=`, "--env", `${name.toLowerCase()}=`]),
    ...["--workdir", "/", "--entrypoint", "sh", parts.image, "-c", MAIN, parts.node, parts.program],
  ];
}

function isolation({ user, runtime }: ContainerParts): readonly string[] {
  return [
    ...(runtime === undefined ? [] : ["--runtime", runtime]),
    ...["--network", "none", "--ipc", "private", "--init", "--log-driver", "none", "--user", user],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"],
  ];
}

function limits({ limits: { pids, memoryBytes, cpus } }: GuestSpec): readonly string[] {
  return [
    ...["--pids-limit", String(pids + OWN_PIDS), "--ulimit", "core=0:0"],
    ...(memoryBytes === undefined ? [] : ["--memory", String(memoryBytes), "--memory-swap", String(memoryBytes)]),
    ...(cpus === undefined ? [] : ["--cpus", String(cpus)]),
  ];
}

function folders(spec: GuestSpec, parts: ContainerParts): readonly string[] {
  const { volume, mark, mounts, ownFolders, labelsVolumes } = parts;
  const [uid, gid] = parts.user.split(":");
  const labels = labelsVolumes ? renderVolumeLabels(spec.slug, mark).map((label) => `volume-label=${label}`) : [];
  return [
    ...["--mount", ["type=volume", `source=${volume}`, `target=${spec.layout.home}`, ...labels].join(",")],
    ...["--tmpfs", `/tmp:rw,exec,nosuid,nodev,mode=1777,size=${temporaryBytes(spec.limits.memoryBytes)}`],
    ...["--tmpfs", `/run:rw,noexec,nosuid,nodev,mode=755,size=${16 * MEBIBYTE}`],
    ...ownFolders.flatMap((folder) => [
      ...["--tmpfs", `${folder}:rw,noexec,nosuid,nodev,mode=755,uid=${uid},gid=${gid},size=${16 * MEBIBYTE}`],
    ]),
    ...mounts.flatMap((mount) => ["--mount", renderMount(mount)]),
  ];
}

/** A tmpfs is memory: never more than half of what the bottle may use. */
function temporaryBytes(memoryBytes: number | undefined): number {
  const most = 2048 * MEBIBYTE;
  return memoryBytes === undefined ? most : Math.min(most, Math.max(16 * MEBIBYTE, Math.floor(memoryBytes / 2)));
}

/** The value is one line of CSV to the engine: a part with a comma or a quote must be quoted. */
function renderMount({ source, target, readOnly }: BindMount): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** How a command is started in a container that runs. */
export type ExecParts = {
  readonly name: string;
  readonly user: string;
  /** Mark of everything the command starts */
  readonly mark: string;
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
  /** Folders that come before and after the image's own on the PATH */
  readonly path: { readonly before: string; readonly after: string };
};

/** Bytes that nobody types: the engine's own two, Ctrl-P and Ctrl-Q, would be taken from every program inside. */
const DETACH_KEYS = "ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^";

/** The words of `docker exec` for any command: which one, and its variables, the launcher is told on its input; pure. */
export function makeExecArgs({ name, user, mark, terminal, path }: ExecParts): readonly string[] {
  return [
    ...["exec", "--interactive", "--user", user, "--workdir", "/"],
    ...(terminal === undefined ? [] : ["--tty", "--detach-keys", DETACH_KEYS]),
    ...["--env", `${COMMAND_VARIABLE}=${mark}`],
    ...[name, "sh", "-c", LAUNCHER, "bottle", mark, path.before, path.after],
    ...[String(terminal?.columns ?? 0), String(terminal?.rows ?? 0)],
  ];
}
