import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { SYSTEM_FOLDERS } from "../../base/system-path.ts";

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

/** Where each program is, as far as it is in the system's own folders. */
export async function findPrograms(): Promise<ReadonlyMap<ProgramName, string>> {
  const found = await Promise.all(PROGRAM_NAMES.map(async (name) => [name, await findProgram(name)] as const));
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

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of SYSTEM_FOLDERS) {
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {} // not here: the next folder may have it
  }
  return undefined;
}
