import { setTimeout as sleep } from "node:timers/promises";
import { readHolder } from "./holder.ts";
import { tryLock } from "./lock.ts";

const POLL_MS = 200;

/** Runs `work` while holding a lock, for which it waits as long as another process has it. Throws when it is stopped. */
export async function withLockWaited<T>(
  { path, pid, note }: { readonly path: string; readonly pid: number; readonly note: string },
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const holder = await readHolder(pid);
  for (;;) {
    signal?.throwIfAborted();
    const attempt = await tryLock(path, holder, note);
    if (attempt.kind === "taken") {
      try {
        return await work();
      } finally {
        await attempt.lock.release();
      }
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}
