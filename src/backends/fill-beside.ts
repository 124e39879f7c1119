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
  return settleBeside(made, filling, failed.signal);
}

/**
 * Waits for a guest and for what fills it, and throws what failed. A filling that fails takes half a copy away, around which
 * the guest may be just being made: so its own failure counts, whichever is told first. One that was only stopped rejects
 * with the reason of its signal.
 */
export async function settleBeside(
  made: Promise<Guest>,
  filling: Promise<void> | undefined,
  stopped: AbortSignal,
): Promise<Guest> {
  const [filled] = await Promise.allSettled([filling, made]);
  if (filled.status === "rejected" && filled.reason !== stopped.reason) throw filled.reason;
  stopped.throwIfAborted();
  return made;
}
