import { platform } from "node:os";
import { isUserAlive } from "../backends/local/proc-table.ts";

/** Whether no process of a numeric user lives; where processes cannot be listed no bottle has a user of its own. */
export async function isQuiet(uid: number): Promise<boolean> {
  return platform() !== "linux" || !(await isUserAlive(uid));
}
