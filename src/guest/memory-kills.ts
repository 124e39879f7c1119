import { readFileSync } from "node:fs";

/** Where the kernel counts what it killed for memory, in the newer and in the older tree of control groups. */
const COUNTERS = ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];

/**
 * Watches the kernel's counter, which only ever grows: each look says whether it has grown since the last. When it grew is
 * known by nobody else, and only that tells a command that memory ended from one that ended long after another was.
 */
export function makeLookForKills(tell: () => void, read: () => string = readCounters): () => void {
  let seen = 0;
  return () => {
    const kills = countKills(read());
    if (kills > seen) tell();
    seen = kills;
  };
}

/** Processes that were killed for memory, as the kernel's counters tell; pure. */
export function countKills(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Nothing where there is no counter: what is not known is not the case. */
function readCounters(): string {
  for (const path of COUNTERS) {
    try {
      return readFileSync(path, "utf8");
    } catch {}
  }
  return "";
}
