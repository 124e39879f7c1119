import { closeSync, constants, openSync } from "node:fs";

/** A folder under a name that the address of a socket can hold, for as long as it is not closed. */
export type ShortName = { readonly path: string; close(): void };

/** Longest address of a socket that every system takes, bytes */
const LONGEST_ADDRESS = 100;

/** The folder itself, or a name of the same folder when a socket called `longest` in it would have too long an address. */
export function openShortName(folder: string, longest: string): ShortName {
  if (Buffer.byteLength(folder) + 1 + longest.length <= LONGEST_ADDRESS) return { path: folder, close: () => {} };
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}
