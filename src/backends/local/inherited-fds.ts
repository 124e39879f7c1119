import { readdirSync, readFileSync } from "node:fs";
import type { Stream } from "node:stream";

/** One entry of a child's descriptors, as Node takes it. */
export type StdioEntry = "pipe" | "ignore" | "ipc" | number | Stream;

const CLOSE_ON_EXEC = 0o2000000;
const HIGHEST_COVERED = 65_535;

/**
 * A child's descriptors, with everything it would inherit besides them covered by `nullFd`: bubblewrap passes each
 * descriptor it has into the bottle, and not all of ours close on exec (a terminal's master among them).
 */
export function coverInheritedFds(
  stdio: readonly StdioEntry[],
  inherited: readonly number[],
  nullFd: number,
): StdioEntry[] {
  const covered = inherited.filter((fd) => fd >= stdio.length);
  const highest = Math.max(stdio.length - 1, ...covered);
  if (highest > HIGHEST_COVERED) throw new Error(`descriptor ${highest} cannot be kept out of the bottle`);
  const open = new Set(covered);
  return Array.from({ length: highest + 1 }, (_none, fd) => stdio[fd] ?? (open.has(fd) ? nullFd : "ignore"));
}

/** Descriptors above 2 without close-on-exec: what any child of this process would get besides its own three. */
export function listInheritedFds(): readonly number[] {
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((fd) => fd > 2 && isInherited(fd));
}

function isInherited(fd: number): boolean {
  try {
    return parseInherited(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"));
  } catch {
    return false; // the descriptor that listed the folder, closed by now
  }
}

/** Whether a `/proc/PID/fdinfo` file tells of a descriptor that survives an exec; unreadable text counts as yes. */
export function parseInherited(text: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
  return flags === undefined || (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}
