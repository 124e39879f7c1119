/** When a command ran, on the clock of `performance`, `ms` */
export type Ran = { readonly began: number; readonly ended: number };

/** Time that a process may take to end after the kernel has killed it: all its memory is given back first, `ms` */
const DYING_MS = 1_000;

/**
 * Whether a kill for memory was that of a command which ended by one. A kill before it began was another's; one long before
 * its end was that of something it had started and outlived. Pure.
 */
export function endedForMemory({ began, ended }: Ran, killedAt: number | undefined): boolean {
  return killedAt !== undefined && killedAt >= Math.max(began, ended - DYING_MS);
}

const MEBIBYTE = 1024 * 1024;

/** The reason for the operator, with the key that mends it; pure. */
export function explainMemory(limitBytes: number | undefined): string {
  if (limitBytes === undefined) return "the machine's memory ran out";
  const limit = `${Math.floor(limitBytes / MEBIBYTE)} MiB`;
  return `the bottle's memory ran out: more than the ${limit} of \`resources.memory\` in its manifest, where it can be raised`;
}
