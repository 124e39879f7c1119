import { type Engine, succeeded } from "../../images/engine.ts";

/** Where the kernel counts what it killed, in the newer and in the older tree of control groups. */
const COUNTERS = "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null; true";
const DEADLINE_MS = 5_000;

/**
 * Whether memory ran out in a container: the engine tells it of one that has ended, the kernel's counter of one that runs.
 * What is not known is not the case.
 */
export async function ranOutOfMemory(engine: Engine, name: string, hasEnded: boolean): Promise<boolean> {
  const args = hasEnded
    ? ["container", "inspect", "--format", "{{.State.OOMKilled}}", name]
    : ["exec", "--workdir", "/", name, "sh", "-c", COUNTERS];
  const told = await engine.run(args, { timeoutMs: DEADLINE_MS, maxOutputBytes: 64 * 1024 }).catch(() => undefined);
  if (told === undefined || !succeeded(told.exit)) return false;
  const text = told.stdout.toString("utf8");
  return hasEnded ? text.trim() === "true" : countKills(text) > 0;
}

/** Processes that were killed for memory, as the kernel's counters tell; pure. */
export function countKills(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

const MEBIBYTE = 1024 * 1024;

/** The reason for the operator, with the key that mends it; pure. */
export function explainMemory(limitBytes: number | undefined): string {
  if (limitBytes === undefined) return "the machine's memory ran out";
  const limit = `${Math.floor(limitBytes / MEBIBYTE)} MiB`;
  return `the bottle's memory ran out: more than the ${limit} of \`resources.memory\` in its manifest, where it can be raised`;
}
