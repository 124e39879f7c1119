import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { systemErrorCode } from "./errors.ts";

/** The real path of something that may not be there yet, so that it is found where it will be. */
export function realOrFuture(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const above = dirname(path);
    if (systemErrorCode(error) === undefined) throw error;
    return above === path ? path : join(realOrFuture(above), basename(path));
  }
}
