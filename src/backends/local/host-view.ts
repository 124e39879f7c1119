import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

/** What of the host's file system shapes a bottle: which of the usual places there are, and as what. */
export type HostView = {
  /** `/bin`, `/lib` …: links into `/usr`, or folders of their own */
  readonly rootEntries: readonly RootEntry[];
  /** Folders below `/etc` that hold no secrets and that programs need */
  readonly etcFolders: readonly string[];
  /** Files of `/proc` that tell about the whole machine and are covered */
  readonly procMasks: readonly string[];
  /** The running Node, all links followed */
  readonly nodeFile: string;
  readonly shell: "/bin/bash" | "/bin/sh";
};

/** One entry of the root folder. */
export type RootEntry =
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "folder"; readonly path: string };

const ROOT_NAMES = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
const ETC_FOLDERS = [
  "alternatives",
  "ssl/certs",
  "pki/ca-trust/extracted",
  "pki/tls/certs",
  "crypto-policies",
  "fonts",
];
const PROC_FILES = [
  "keys",
  "timer_list",
  "kallsyms",
  "kpagecount",
  "kpageflags",
  "kpagecgroup",
  "kcore",
  "sched_debug",
];

/** Looks at the host once; a mask of a file that does not exist would stop bubblewrap, so existence is part of it. */
export function readHostView(nodePath: string): HostView {
  return {
    rootEntries: ROOT_NAMES.map((name) => readRootEntry(`/${name}`)).filter((entry) => entry !== undefined),
    etcFolders: keepExisting("/etc", [...ETC_FOLDERS, ...javaFolders()], "folder"),
    procMasks: keepExisting("/proc", [...PROC_FILES, "latency_stats"], "file"),
    nodeFile: realpathSync(nodePath),
    shell: keepExisting("/bin", ["bash"], "file").length > 0 ? "/bin/bash" : "/bin/sh",
  };
}

/** Debian's Java keeps its settings outside of `/usr` and does not start without them; the other folders there may hold passwords. */
function javaFolders(): readonly string[] {
  const names = readdirSync("/etc").filter((name) => /^java-[0-9]+-openjdk$/.test(name));
  return names.map((name) => join(name, "security"));
}

function readRootEntry(path: string): RootEntry | undefined {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry?.isSymbolicLink() === true) return { kind: "link", path, target: readlinkSync(path) };
  return entry?.isDirectory() === true ? { kind: "folder", path } : undefined;
}

function keepExisting(folder: string, names: readonly string[], kind: "file" | "folder"): readonly string[] {
  return names
    .map((name) => join(folder, name))
    .filter((path) => {
      const entry = statSync(path, { throwIfNoEntry: false });
      return entry !== undefined && (kind === "folder") === entry.isDirectory();
    });
}
