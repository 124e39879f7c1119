import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
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

/** A system error about a file as an error the operator can act on. */
export function fileError(error: unknown, action: "read" | "write" | "create" | "remove", path: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
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

/** What was found where a small text file was expected; everything but a bug is a value. */
export type BoundedText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "not-usable"; readonly why: string };

/**
 * A regular file's text without ever blocking, following more than is allowed, or reading more than `maxBytes`.
 * `within` names a folder that the file's real path must not leave and in which no part may be a symbolic link.
 */
export async function readBoundedText(
  path: string,
  options: { readonly maxBytes: number; readonly within?: string },
): Promise<BoundedText> {
  try {
    if (options.within !== undefined && (await leads(path, options.within))) {
      return { kind: "not-usable", why: "it is, or lies behind, a symbolic link" };
    }
    const links = options.within === undefined ? 0 : constants.O_NOFOLLOW;
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | links);
    try {
      const { size, isFile } = await file.stat().then((found) => ({ size: found.size, isFile: found.isFile() }));
      if (!isFile) return { kind: "not-usable", why: "it is not a regular file" };
      const tooLarge = { kind: "not-usable", why: `it is larger than ${options.maxBytes} bytes` } as const;
      if (size > options.maxBytes) return tooLarge;
      // A file may grow, or lie about its size as those of /proc do: what is read decides.
      const buffer = Buffer.alloc(options.maxBytes + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length);
        if (bytesRead === 0) break;
        length += bytesRead;
        if (length > options.maxBytes) return tooLarge;
      }
      const bytes = buffer.subarray(0, length);
      if (!isUtf8(bytes)) return { kind: "not-usable", why: "it is not UTF-8 text" };
      return { kind: "text", text: bytes.toString("utf8") };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    if (code === undefined) throw error;
    return { kind: "not-usable", why: REASONS[code] ?? `it cannot be read: ${code}` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "it is, or lies behind, a symbolic link",
  ENXIO: "it is not a regular file",
};

/** Whether a path, seen from a folder that contains it, passes through a symbolic link. */
async function leads(path: string, within: string): Promise<boolean> {
  const real = await realpath(path);
  return real !== join(await realpath(within), relative(within, path));
}

/**
 * Names in a folder, sorted; undefined when there is no such folder. Throws `file/…` errors for everything else.
 * With `within`, a folder reached through a symbolic link below that path counts as not there.
 */
export async function listNames(folder: string, within?: string): Promise<readonly string[] | undefined> {
  try {
    if (within !== undefined && (await leads(folder, within))) return undefined;
    return (await readdir(folder)).sort();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw fileError(error, "read", folder);
  }
}

/** Whether two paths lead to the same file or folder; false when either is not there. */
export async function isSamePlace(one: string, other: string): Promise<boolean> {
  try {
    return (await realpath(one)) === (await realpath(other));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
