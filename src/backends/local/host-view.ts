import { lstat, readlink, realpath, stat } from "node:fs/promises";
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
export async function readHostView(nodePath: string): Promise<HostView> {
  const [rootEntries, etcFolders, procMasks, nodeFile, bash] = await Promise.all([
    Promise.all(ROOT_NAMES.map((name) => readRootEntry(`/${name}`))),
    keepExisting("/etc", ETC_FOLDERS, "folder"),
    keepExisting("/proc", [...PROC_FILES, "latency_stats"], "file"),
    realpath(nodePath),
    keepExisting("/bin", ["bash"], "file"),
  ]);
  return {
    rootEntries: rootEntries.filter((entry) => entry !== undefined),
    etcFolders,
    procMasks,
    nodeFile,
    shell: bash.length > 0 ? "/bin/bash" : "/bin/sh",
  };
}

async function readRootEntry(path: string): Promise<RootEntry | undefined> {
  try {
    const entry = await lstat(path);
    if (entry.isSymbolicLink()) return { kind: "link", path, target: await readlink(path) };
    return entry.isDirectory() ? { kind: "folder", path } : undefined;
  } catch {
    return undefined; // this distribution has no such folder
  }
}

async function keepExisting(
  folder: string,
  names: readonly string[],
  kind: "file" | "folder",
): Promise<readonly string[]> {
  const paths = names.map((name) => join(folder, name));
  const there = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (entry) => (kind === "folder") === entry.isDirectory(),
        () => false,
      ),
    ),
  );
  return paths.filter((_path, index) => there[index]);
}
