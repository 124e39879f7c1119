import type { Holder } from "../base/holder.ts";
import { tryLock } from "../base/lock.ts";

/** Removes the lock file of a label, or what is left of one, unless a living process has it; says whether it is gone. */
export async function removeLabel(path: string, holder: Holder): Promise<boolean> {
  const attempt = await tryLock(path, holder, "cleaning up");
  if (attempt.kind === "held") return false;
  await attempt.lock.release();
  return true;
}
