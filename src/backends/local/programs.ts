import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** The programs of the host that start a bottle; all but bubblewrap belong to util-linux and coreutils. */
export const PROGRAM_NAMES = [
  "bwrap",
  "sh",
  "cat",
  "mount",
  "unshare",
  "nsenter",
  "setpriv",
  "prlimit",
  "setsid",
] as const;

/** One of them. */
export type ProgramName = (typeof PROGRAM_NAMES)[number];

/** Absolute path of each program. */
export type Programs = Readonly<Record<ProgramName, string>>;

/** Where each program is, as far as it is in the system's own folders or on the PATH. */
export async function findPrograms(path: string | undefined): Promise<ReadonlyMap<ProgramName, string>> {
  // The system's own first: package runners put folders of the repository at hand at the front of the PATH.
  const folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", ...(path ?? "").split(delimiter)].filter(isAbsolute);
  const found = await Promise.all(PROGRAM_NAMES.map(async (name) => [name, await findProgram(name, folders)] as const));
  return new Map(found.flatMap(([name, file]) => (file === undefined ? [] : [[name, file]])));
}

/** All programs, or the names of those that are missing. */
export function resolvePrograms(found: ReadonlyMap<ProgramName, string>): Programs | readonly ProgramName[] {
  const missing = PROGRAM_NAMES.filter((name) => !found.has(name));
  if (missing.length > 0) return missing;
  const get = (name: ProgramName) => found.get(name) ?? name;
  return {
    bwrap: get("bwrap"),
    sh: get("sh"),
    cat: get("cat"),
    mount: get("mount"),
    unshare: get("unshare"),
    nsenter: get("nsenter"),
    setpriv: get("setpriv"),
    prlimit: get("prlimit"),
    setsid: get("setsid"),
  };
}

async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {} // not here: the next folder may have it
  }
  return undefined;
}
