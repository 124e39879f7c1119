import { randomUUID } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { BottleError, systemErrorCode } from "./errors.ts";
import { fileError, readTextIfThere } from "./files.ts";
import { type Holder, isAlive } from "./holder.ts";
import { randomBase36 } from "./ids.ts";
import { type LockText, parseLockText, renderLockText } from "./lock-text.ts";
import { makeTemporaryPrefix } from "./temporary-name.ts";

/** What trying to take a lock came to. */
export type LockAttempt =
  | { readonly kind: "taken"; readonly lock: Lock }
  | { readonly kind: "held"; readonly by: LockText };

/** A lock that this process has. */
export type Lock = { readonly path: string; release(): Promise<void> };

/** Ends in which taking over was begun by processes that died while doing so; more than a handful is not believable */
const DEEPEST_TAKEOVER = 8;
const MOST_TRIES = 100;

/** What a lock file that is still being written is called, after the `~` and before the process that writes it */
export const PLACING = "placing";

/**
 * Takes the lock file at `path` unless a living process holds it; one left by a dead process is taken over, and of several
 * that try at once exactly one has it afterwards. `note` is kept in the file for whoever finds it held.
 *
 * The file appears complete, by `link`. A dead holder's file is replaced under a second lock whose name carries the dead
 * one's nonce, so that only one process may replace it, and only while it still is that very file.
 */
export async function tryLock(path: string, holder: Holder, note = ""): Promise<LockAttempt> {
  return attempt(path, { ...holder, nonce: randomUUID(), note }, 0);
}

/** Runs `work` while holding the lock. Throws `lock/held`, naming the holder, when another process has it. */
export async function withLock<T>(path: string, holder: Holder, work: () => Promise<T>): Promise<T> {
  const result = await tryLock(path, holder);
  if (result.kind === "held") {
    throw new BottleError("lock/held", `process ${result.by.pid} holds ${path}`, {
      hint: "wait until it is done, then try again",
    });
  }
  try {
    return await work();
  } finally {
    await result.lock.release();
  }
}

/** What the lock file at `path` says, or undefined when there is none. Throws when it is damaged. */
export async function readLock(path: string): Promise<LockText | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const found = parseLockText(text);
  if (found !== undefined) return found;
  throw new BottleError("bottle/state-damaged", `the lock file ${path} is damaged`, {
    hint: `when nothing runs that could hold it: rm ${path}`,
  });
}

async function attempt(path: string, mine: LockText, depth: number): Promise<LockAttempt> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (await placeNew(path, mine)) return taken(path, mine);
    const found = await readLock(path);
    if (found === undefined) continue;
    if (await isAlive(found)) return { kind: "held", by: found };
    const outcome = await takeOver(path, found, mine, depth);
    if (outcome !== "again") return outcome;
  }
  throw new BottleError("lock/held", `${path} changes hands too fast to take it`, { hint: "try again" });
}

async function takeOver(path: string, dead: LockText, mine: LockText, depth: number): Promise<LockAttempt | "again"> {
  if (depth >= DEEPEST_TAKEOVER) {
    throw new BottleError("bottle/state-damaged", `${path} cannot be taken over`, { hint: `rm ${path}*` });
  }
  const right = await attempt(
    `${path}~${dead.nonce}`,
    { ...mine, nonce: randomUUID(), note: "taking over" },
    depth + 1,
  );
  if (right.kind === "held") return { kind: "held", by: { ...right.by, note: dead.note } };
  try {
    if ((await readLock(path))?.nonce !== dead.nonce) return "again";
    await replace(path, mine);
    return taken(path, mine);
  } finally {
    await right.lock.release();
  }
}

function taken(path: string, mine: LockText): LockAttempt {
  const release = async () => {
    if ((await readLock(path))?.nonce === mine.nonce) await rm(path, { force: true });
  };
  return { kind: "taken", lock: { path, release } };
}

async function placeNew(path: string, mine: LockText): Promise<boolean> {
  return withTemporary(path, mine, async (temporary) => {
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if (systemErrorCode(error) === "EEXIST") return false;
      throw error;
    }
  });
}

async function replace(path: string, mine: LockText): Promise<void> {
  await withTemporary(path, mine, (temporary) => rename(temporary, path));
}

async function withTemporary<T>(path: string, mine: LockText, use: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${path}~${makeTemporaryPrefix(PLACING, mine)}${randomBase36(6)}`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(renderLockText(mine));
    } finally {
      await file.close();
    }
    return await use(temporary);
  } catch (error) {
    throw fileError(error, "write", path);
  } finally {
    await rm(temporary, { force: true });
  }
}
