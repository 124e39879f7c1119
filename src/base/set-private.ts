import { chmod } from "node:fs/promises";
import { fileError } from "./files.ts";

/** Leaves a file or socket to its owner alone. */
export async function setPrivate(path: string): Promise<void> {
  try {
    await chmod(path, 0o600);
  } catch (error) {
    throw fileError(error, "write", path);
  }
}
