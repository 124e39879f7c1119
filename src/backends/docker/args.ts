import type { GuestSpec } from "../backend.ts";
import { LABELS, renderVolumeLabels } from "./labels.ts";

/** A folder or file of the host that a container sees. */
export type BindMount = { readonly source: string; readonly target: string; readonly readOnly: boolean };

/** Everything about a container that its form does not say. */
export type ContainerParts = {
  readonly name: string;
  /** Name of the volume that is its home folder */
  readonly volume: string;
  readonly mark: string;
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
    ...["--workdir", "/", "--entrypoint", parts.node, parts.image, "-e", parts.program],
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

function folders(spec: GuestSpec, { volume, mark, mounts, ownFolders, user }: ContainerParts): readonly string[] {
  const [uid, gid] = user.split(":");
  const labels = renderVolumeLabels(spec.slug, mark).map((label) => `volume-label=${label}`);
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
  /** Names of its variables; their values come through the pipe, in this order */
  readonly variables: readonly string[];
  /** Pipe that the engine's command reads the values from */
  readonly envPipe: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly terminal: { readonly columns: number; readonly rows: number } | undefined;
  /** Folders that come before and after the image's own on the PATH */
  readonly path: { readonly before: string; readonly after: string };
};

/** Variable that marks all processes of a command. */
export const COMMAND_VARIABLE = "BOTTLE_COMMAND";

/** Name under which a value travels: the launcher must not be changed by what it carries. */
export function carriedName(index: number): string {
  return `BOTTLE_ENV_${index}`;
}

/** Bytes that nobody types: the engine's own two, Ctrl-P and Ctrl-Q, would be taken from every program inside. */
const DETACH_KEYS = "ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^";

/** The words of `docker exec` for a command; pure. */
export function makeExecArgs(parts: ExecParts): readonly string[] {
  const { name, user, mark, variables, envPipe, argv, cwd, terminal, path } = parts;
  return [
    ...["exec", "--interactive", "--user", user, "--workdir", "/"],
    ...(terminal === undefined ? [] : ["--tty", "--detach-keys", DETACH_KEYS]),
    ...["--env", `${COMMAND_VARIABLE}=${mark}`],
    ...["--env-file", envPipe],
    ...[name, "sh", "-c", LAUNCHER, "bottle", mark, cwd, path.before, path.after],
    ...[String(terminal?.columns ?? 0), String(terminal?.rows ?? 0)],
    ...[String(variables.length), ...variables, ...argv],
  ];
}

/** What the launcher says on standard error before it becomes the command. */
export function launchMark(mark: string): string {
  return `\x1ebottle:${mark}:`;
}

/** The end of what the launcher says. */
export const MARK_END = "\x1e";

/**
 * Becomes the command, with a word about it first: only that tells a command that ended with 127 from one that is not
 * there. Gives each variable its own name back.
 */
const LAUNCHER = [
  "_m=$1 _d=$2 _n=$7",
  '[ "$5" = 0 ] || stty cols "$5" rows "$6" 2>/dev/null',
  "PATH=$3$PATH$4; export PATH; shift 7; _i=0",
  'while [ "$_i" -lt "$_n" ]; do',
  'eval "_v=\\$BOTTLE_ENV_$_i"; _v=$(printf "%b." "$_v"); eval "$1=\\${_v%.}; export $1"',
  "unset BOTTLE_ENV_$_i; shift; _i=$((_i+1)); done",
  `_say() { printf '\\036bottle:%s:%s\\036' "$_m" "$1" >&2; }`,
  'cd "$_d" 2>/dev/null || { _say no-folder; exit 125; }',
  '_f=$1; case $1 in */*) ;; *) _f=; _s=$IFS; IFS=:; for _p in $PATH; do [ -f "$_p/$1" ] && [ -x "$_p/$1" ] && { _f=$_p/$1; break; }; done; IFS=$_s ;; esac',
  '[ -n "$_f" ] && [ -e "$_f" ] || { _say not-found; exit 127; }',
  '[ -f "$_f" ] && [ -x "$_f" ] || { _say not-executable; exit 126; }',
  '_say "$$"; exec "$@"',
].join("\n");
