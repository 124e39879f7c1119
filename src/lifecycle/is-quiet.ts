import { platform } from "node:os";
import { waitUntilUserGone } from "../backends/local/identity.ts";

/**
 * Whether no process of a numeric user lives; one that is just dying gets its time. Where processes cannot be listed no
 * bottle has a user of its own.
 */
export async function isQuiet(uid: number): Promise<boolean> {
  return platform() !== "linux" || waitUntilUserGone(uid);
}
