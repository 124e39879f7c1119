import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { systemErrorCode } from "../base/errors.ts";
import { fileError } from "../base/files.ts";

/** A secret file's bytes, undefined when there is no such file or it is none, and what is wrong with its permissions. */
export type SecretFile = { readonly bytes: Buffer | undefined; readonly warnings: readonly string[] };

/** Reads at most `limit` bytes and one more, so that a file that is too large can be told. Throws `file/…` errors. */
export async function readSecretFile(path: string, limit: number): Promise<SecretFile> {
  try {
    // a pipe without a writer would hold the start for ever
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { mode } = await file.stat();
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) return { bytes: undefined, warnings: [] };
      const buffer = Buffer.alloc(limit + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      const isOpen = (mode & 0o077) !== 0;
      const warning = `others may read ${path}: chmod 600 ${path}`;
      return { bytes: buffer.subarray(0, bytesRead), warnings: isOpen ? [warning] : [] };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return { bytes: undefined, warnings: [] };
    throw fileError(error, "read", path);
  }
}
