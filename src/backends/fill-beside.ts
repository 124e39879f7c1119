import type { Guest, GuestOwner, GuestSpec } from "./backend.ts";

/**
 * Makes a guest while its files are gathered, which `make` waits for where it needs them; what fails of the two does not
 * leave the other at work behind its back.
 */
export async function fillBeside(
  fill: GuestSpec["fill"],
  owner: GuestOwner,
  make: (filled: Promise<void>) => Promise<Guest>,
): Promise<Guest> {
  const failed = new AbortController();
  const stop = (error: unknown) => failed.abort(error);
  const filled = Promise.resolve(fill?.(owner, failed.signal));
  const made = make(filled);
  filled.catch(stop);
  made.catch(stop);
  await Promise.allSettled([filled, made]);
  failed.signal.throwIfAborted();
  return made;
}
