import type { Guest, GuestOwner, GuestSpec } from "./backend.ts";

/**
 * Makes a guest while its files are gathered: `make` says when that begins, and waits for it where it needs them. What fails of
 * the two does not leave the other at work behind its back.
 */
export async function fillBeside(
  fill: GuestSpec["fill"],
  owner: GuestOwner,
  make: (filled: () => Promise<void>) => Promise<Guest>,
): Promise<Guest> {
  const failed = new AbortController();
  const stop = (error: unknown) => failed.abort(error);
  let filling: Promise<void> | undefined;
  const made = make(() => {
    filling ??= Promise.resolve(fill?.(owner, failed.signal));
    filling.catch(stop);
    return filling;
  });
  made.catch(stop);
  await Promise.allSettled([made]);
  await Promise.allSettled([filling]);
  failed.signal.throwIfAborted();
  return made;
}
