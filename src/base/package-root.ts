import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package, where its data files are: two above a source file, one above the bundle. */
export function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return basename(here) === "dist" ? dirname(here) : join(here, "..", "..");
}
