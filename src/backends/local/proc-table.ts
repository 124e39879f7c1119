import { readFileSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { parseProcessStat } from "../../base/process-stat.ts";

/** A process, so that its number can not be taken for another's: start time in clock ticks since boot. */
export type ProcessId = { readonly pid: number; readonly startTicks: string };

/** The process with this number, or undefined when there is none or only its remains. */
export async function readProcess(pid: number): Promise<ProcessId | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const found = text === undefined ? undefined : parseProcessStat(text);
  if (found === undefined || found.state === "Z" || found.state === "X") return undefined;
  return { pid, startTicks: found.startTicks };
}

/** Whether exactly this process still runs. */
export async function isAlive(known: ProcessId): Promise<boolean> {
  return (await readProcess(known.pid))?.startTicks === known.startTicks;
}

/** Direct children of a process. */
export async function readChildren(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => undefined);
  if (text !== undefined) return text.split(" ").filter(Boolean).map(Number);
  const all = await readPids(); // a kernel without CONFIG_PROC_CHILDREN
  const parents = await Promise.all(
    all.map(async (one) => parseProcessStat(await readFile(`/proc/${one}/stat`, "utf8").catch(() => ""))?.parent),
  );
  return all.filter((_one, index) => parents[index] === pid);
}

/** A process's arguments as one text, empty when it is gone. */
export function readCommandLine(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

/** A variable of the environment a process was started with, when this user may read it. */
export async function readVariable(pid: number, name: string): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  const entry = text.split("\0").find((one) => one.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** Identity of the pid namespace a process lives in, when this user may read it. */
export function readPidNamespace(pid: number | "self"): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);
}

/** Numbers of all processes that are visible from here. */
export async function readPids(): Promise<readonly number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Whether any process, remains apart, has this real, effective, saved or file-system user. */
export async function isUserAlive(uid: number): Promise<boolean> {
  for (const pid of await readPids()) {
    const text = readStatus(pid);
    if (/^State:\s+[ZX]/m.test(text)) continue;
    const uids = /^Uid:\s+(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? [];
    if (uids.includes(String(uid))) return true;
  }
  return false;
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8"); // microseconds each, where a turn of the thread pool costs more
  } catch {
    return "";
  }
}
