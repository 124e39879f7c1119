import type { Holder } from "./holder.ts";
import { parseJsonObject } from "./parse-json.ts";

/** What a lock file says. */
export type LockText = Holder & {
  /** Different for every time that a lock is taken */
  readonly nonce: string;
  /** What the holder wants others to know */
  readonly note: string;
};

/** The text of a lock file, one line of JSON. */
export function renderLockText(lock: LockText): string {
  const { pid, startTicks, nonce, note } = lock;
  return `${JSON.stringify({ version: 1, pid, startTicks, nonce, note })}\n`;
}

/** A lock file's text as a value, or undefined if it is something else. */
export function parseLockText(text: string): LockText | undefined {
  const { version, pid, startTicks, nonce, note } = parseJsonObject(text) ?? {};
  if (version !== 1 || typeof pid !== "number" || !Number.isSafeInteger(pid)) return undefined;
  if (typeof startTicks !== "string" || typeof note !== "string") return undefined;
  if (typeof nonce !== "string" || !/^[0-9a-f-]{1,64}$/.test(nonce)) return undefined;
  return { pid, startTicks, nonce, note };
}
