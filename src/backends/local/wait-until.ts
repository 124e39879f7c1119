import { setTimeout as sleep } from "node:timers/promises";

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

/** Asks until the answer is yes; false when the deadline passes first. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await sleep(pause);
  }
}
