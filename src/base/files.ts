import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { constants, renameSync, rmSync, writeFileSync } from "node:fs";
import { access, type FileHandle, mkdir, mkdtemp, open, readdir, realpath, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { BottleError, systemErrorCode } from "./errors.ts";

/** Far more than any file of ours that is read whole. */
const MOST_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * The text of a small file of ours, or undefined when there is no such file; never waits for a pipe or device. Throws
 * `file/…` errors for everything else.
 */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new BottleError("file/not-usable", `${path} is not a regular file`);
      const bytes = await readUpTo(file, MOST_TEXT_BYTES + 1);
      if (bytes.length > MOST_TEXT_BYTES) throw new BottleError("file/not-usable", `${path} is too large`);
      return bytes.toString("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw fileError(error, "read", path);
  }
}

/**
 * Writes a file so that a reader sees the old text or the new one, never half; mode `0600` unless told. It is not brought
 * to the disk: after a power cut the bottle that it speaks of is gone anyway.
 */
export async function writeAtomically(path: string, text: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, text, { flag: "wx", mode }); // microseconds, where each turn of the thread pool costs more
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fileError(error, "write", path);
  }
}

/** Opens a new file in a folder, to be written and read, that has no name there: it is gone when nobody has it open. */
export async function openNamelessFile(folder: string): Promise<FileHandle> {
  const path = join(folder, `.${randomUUID()}.tmp`);
  try {
    const file = await open(path, "wx+", 0o600);
    await rm(path);
    return file;
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** Removes a file of ours; one that is not there is no error. */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw fileError(error, "remove", path);
  }
}

/** Makes one folder that only its owner may enter; its parent must be there. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw fileError(error, "create", path);
  }
}

/** Makes a folder with a name of its own among the system's temporary files, for its owner only. */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(tmpdir(), prefix)));
  } catch (error) {
    throw fileError(error, "create", join(tmpdir(), prefix));
  }
}

/** Removes a folder of ours and everything in it, following no link. Not for trees that something alive can change. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, "remove", path);
  }
}

/** The same at once, for a small folder that nobody else could ever write to: the thread pool would take ten times as long. */
export function removeOwnTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, "remove", path);
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

/** Makes a folder that others may enter and read, and its parents: what a bottle's own user is given lies there. */
export async function makeSharedFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
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

/** What was found where a small text file was expected. */
export type BoundedText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "not-usable"; readonly why: string };

/**
 * The text of a regular file of at most `maxBytes`; never waits for a pipe or device. With `within`, a file that is or
 * lies behind a symbolic link below that folder is not usable.
 */
export async function readBoundedText(
  path: string,
  options: { readonly maxBytes: number; readonly within?: string },
): Promise<BoundedText> {
  const { maxBytes, within } = options;
  try {
    if (within !== undefined && (await passesThroughLink(path, within))) return notUsable("ELOOP");
    const noFollow = within === undefined ? 0 : constants.O_NOFOLLOW;
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | noFollow);
    try {
      if (!(await file.stat()).isFile()) return notUsable("ENXIO");
      const bytes = await readUpTo(file, maxBytes + 1);
      if (bytes.length > maxBytes) return notUsable("EFBIG");
      return isUtf8(bytes) ? { kind: "text", text: bytes.toString("utf8") } : notUsable("EILSEQ");
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    if (code === undefined) throw error;
    return notUsable(code);
  }
}

/** A regular file of at most `maxBytes`, whole; never waits for a pipe or device. Undefined for anything else. */
export async function readBoundedBytes(path: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) return undefined;
      const bytes = await readUpTo(file, maxBytes + 1);
      return bytes.length > maxBytes ? undefined : bytes;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

const WHY_NOT_USABLE: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "it is, or lies behind, a symbolic link",
  ENXIO: "it is not a regular file",
  EFBIG: "it is too large",
  EILSEQ: "it is not UTF-8 text",
};

function notUsable(code: string): BoundedText {
  return { kind: "not-usable", why: WHY_NOT_USABLE[code] ?? code };
}

/** What is read decides, not the size that is told: a file may grow, and those of /proc say 0. */
async function readUpTo(file: FileHandle, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = most; left > 0; ) {
    const chunk = Buffer.alloc(Math.min(left, 64 * 1024));
    const { bytesRead } = await file.read(chunk, 0, chunk.length);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return Buffer.concat(chunks);
}

/** Whether a path, below a folder that contains it, is or passes through a symbolic link. */
async function passesThroughLink(path: string, within: string): Promise<boolean> {
  try {
    return (await realpath(path)) !== join(await realpath(within), relative(within, path));
  } catch (error) {
    if (systemErrorCode(error) === "ELOOP") return true;
    throw error;
  }
}

/**
 * Names in a folder, sorted; undefined when there is no such folder. Throws `file/…` errors for everything else. With
 * `within`, a folder that is or lies behind a symbolic link below that folder counts as not there.
 */
export async function listNames(folder: string, within?: string): Promise<readonly string[] | undefined> {
  try {
    if (within !== undefined && (await passesThroughLink(folder, within))) return undefined;
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
