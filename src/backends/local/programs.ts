import { statSync } from "node:fs";
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
export function findPrograms(): ReadonlyMap<ProgramName, string> {
  const found = PROGRAM_NAMES.map((name) => [name, findProgram(name)] as const);
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

/** Not through the thread pool, here and in what else every start looks at: a turn of it costs more than the look. */
function findProgram(name: string): string | undefined {
  return SYSTEM_FOLDERS.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    return found?.isFile() === true && (found.mode & 0o111) !== 0;
  } catch {
    return false; // a folder that may not be entered
  }
}
