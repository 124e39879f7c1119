import { randomUUID } from "node:crypto";
import { access, constants, mkdir, open, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BottleError, systemErrorCode } from "./errors.ts";

/** A file's text, or undefined when there is no such file. Throws `file/…` errors for everything else. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw fileError(error, "read", path);
  }
}

/** Writes a file so that a reader sees the old text or the new one, never half; mode `0600` unless told. */
export async function writeAtomically(path: string, text: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, "write", path);
  }
}

/** Makes a folder that only its owner may enter, and its parents. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(error, "create", path);
  }
}

/** True when the path leads to a folder that can be seen. */
export async function folderExists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES" || code === "ELOOP") return false;
    throw fileError(error, "read", path);
  }
}

/** Bytes that an ordinary user may still write on the disk of a folder that can be written. */
export async function readFreeBytes(folder: string): Promise<number> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    throw fileError(error, "write", folder);
  }
}

/** A system error about a file as an error the operator can act on. */
export function fileError(error: unknown, action: "read" | "write" | "create" | "remove", path: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined || error instanceof BottleError) return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new BottleError("file/disk-full", `cannot ${action} ${path}: the disk is full`, {
      hint: "free some space, then try again; `bottle cleanup` removes what ended bottles left",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new BottleError("file/no-permission", `cannot ${action} ${path}: permission denied`, {
      hint: `check who owns it: ls -ld ${path}`,
      cause: error,
    });
  }
  return new BottleError("file/not-usable", `cannot ${action} ${path}: ${code}`, { cause: error });
}
