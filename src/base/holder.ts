import { readFile } from "node:fs/promises";
import { platform } from "node:os";
import { BottleError, systemErrorCode } from "./errors.ts";
import { run } from "./process.ts";
import { parseProcessStat } from "./process-stat.ts";

/** One process of this machine, told apart from a later one that got the same number. */
export type Holder = {
  readonly pid: number;
  /** When it started: clock ticks since boot (Linux), or what `ps` says (macOS) */
  readonly startTicks: string;
};

/** The holder that a running process is. Throws when there is no such process. */
export async function readHolder(pid: number): Promise<Holder> {
  const startTicks = await readStart(pid);
  if (startTicks === undefined) throw new BottleError("process/failed", `there is no process ${pid}`);
  return { pid, startTicks };
}

/** Whether the process that a holder names still runs; when that cannot be found out, it is taken to run. */
export async function isAlive(holder: Holder): Promise<boolean> {
  try {
    return (await readStart(holder.pid)) === holder.startTicks;
  } catch {
    return true;
  }
}

async function readStart(pid: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return platform() === "linux" ? readStartFromProc(pid) : readStartFromPs(pid);
}

async function readStartFromProc(pid: number): Promise<string | undefined> {
  try {
    const stat = parseProcessStat(await readFile(`/proc/${pid}/stat`, "latin1"));
    if (stat === undefined) throw new Error(`/proc/${pid}/stat is not in the form that is documented`);
    return stat.state === "Z" || stat.state === "X" ? undefined : stat.startTicks;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

async function readStartFromPs(pid: number): Promise<string | undefined> {
  const { exit, stdout } = await run(["/bin/ps", "-o", "lstart=", "-p", String(pid)], {
    env: { LC_ALL: "C", TZ: "UTC" },
    timeoutMs: 10_000,
  });
  const started = stdout.toString("utf8").trim().replace(/\s+/g, " ");
  if (started !== "") return started;
  if (exit.kind === "code" && exit.code === 1) return undefined; // its answer for "no such process"
  throw new BottleError("process/failed", `ps did not say when process ${pid} started`);
}
