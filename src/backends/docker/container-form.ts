import { renderFrame } from "../../base/frames.ts";
import type { GuestSpec } from "../backend.ts";
import { LABELS, renderVolumeLabels } from "../labels.ts";

/** A folder or file of the host that a container sees. */
export type BindMount = { readonly source: string; readonly target: string; readonly readOnly: boolean };

/** A folder in memory, and how it is mounted. */
export type MemoryFolder = { readonly target: string; readonly options: string };

/** Everything about a container that its bottle does not say. */
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

/** A container as it is asked for, in no engine's words; what isolates every one of them is in the words themselves. */
export type ContainerForm = {
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly user: string;
  readonly runtime: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Variables that are there and empty */
  readonly emptyVariables: readonly string[];
  readonly pids: number;
  /** Limit of memory and swap together, bytes */
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly volume: { readonly name: string; readonly target: string; readonly labels: readonly string[] };
  readonly memoryFolders: readonly MemoryFolder[];
  readonly mounts: readonly BindMount[];
  /** Whether the engine need not even set up the network that is none: what it would write for it is ours */
  readonly isUnplugged: boolean;
  /** Program and arguments of the main process */
  readonly argv: readonly [string, ...string[]];
};

/** Where our own programs are inside. */
export const OWN_PROGRAMS = "/opt/bot-bottle/bin";

/** Where the sockets of the link are inside. */
export const SOCKET_FOLDER = "/run/bottle";

/** Where programs look up `localhost`. */
export const HOSTS_FILE = "/etc/hosts";

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

/** What a bottle's container is, for whoever puts it into an engine's words; pure. */
export function makeContainerForm(spec: GuestSpec, parts: ContainerParts): ContainerForm {
  const { limits, layout, workspace, slug } = spec;
  const { name, image, user, runtime, mounts, mark } = parts;
  return {
    ...{ name, image, user, runtime, mounts },
    hostname: layout.hostname,
    labels: {
      [LABELS.slug]: slug,
      [LABELS.home]: mark,
      ...(workspace.kind === "folder" ? { [LABELS.workspace]: workspace.path } : {}),
    },
    emptyVariables: PROXY_VARIABLES.flatMap((variable) => [variable, variable.toLowerCase()]),
    pids: limits.pids + OWN_PIDS,
    memoryBytes: limits.memoryBytes,
    cpus: limits.cpus,
    volume: {
      name: parts.volume,
      target: layout.home,
      labels: parts.labelsVolumes ? renderVolumeLabels(slug, mark) : [],
    },
    memoryFolders: memoryFolders(spec, parts),
    // under another runtime, whose loopback comes from the engine's network, nobody has tried it
    isUnplugged: runtime === undefined && mounts.some(({ target }) => target === HOSTS_FILE),
    argv: ["sh", "-c", MAIN, parts.node, parts.program],
  };
}

function memoryFolders({ limits }: GuestSpec, { user, ownFolders }: ContainerParts): readonly MemoryFolder[] {
  const [uid, gid] = user.split(":");
  const small = `size=${16 * MEBIBYTE}`;
  return [
    { target: "/tmp", options: `rw,exec,nosuid,nodev,mode=1777,size=${temporaryBytes(limits.memoryBytes)}` },
    { target: "/run", options: `rw,noexec,nosuid,nodev,mode=755,${small}` },
    ...ownFolders.map((target) => ({
      target,
      options: `rw,noexec,nosuid,nodev,mode=755,uid=${uid},gid=${gid},${small}`,
    })),
  ];
}

/** A tmpfs is memory: never more than half of what the bottle may use. */
function temporaryBytes(memoryBytes: number | undefined): number {
  const most = 2048 * MEBIBYTE;
  return memoryBytes === undefined ? most : Math.min(most, Math.max(16 * MEBIBYTE, Math.floor(memoryBytes / 2)));
}
