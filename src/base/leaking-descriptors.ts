import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

const FOLDER = "/proc/self/fdinfo";
const CLOSE_ON_EXEC = 0o2000000;

/**
 * The descriptors above 2 that a child would inherit without being given them: those without close-on-exec, either left
 * open by whoever started us or opened by native code. Empty where the system does not tell (no `/proc`).
 */
export function leakingDescriptors(): readonly number[] {
  return listDescriptors().filter((fd) => fd > 2 && isLeaking(fd));
}

/** Calls back with a descriptor on `/dev/null`, which is closed again whatever happens. */
export function withNullDescriptor<T>(use: (fd: number) => T): T {
  const fd = openSync("/dev/null", "r+");
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function listDescriptors(): readonly number[] {
  try {
    return readdirSync(FOLDER).map(Number);
  } catch {
    return []; // not Linux
  }
}

function isLeaking(fd: number): boolean {
  try {
    return parseLeaking(readFileSync(`${FOLDER}/${fd}`, "utf8"));
  } catch {
    return false; // the descriptor of the listing itself, closed by now
  }
}

/** Whether a `/proc/PID/fdinfo` file tells of a descriptor that survives an exec; text that does not say counts as yes. */
export function parseLeaking(text: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
  return flags === undefined || (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}
