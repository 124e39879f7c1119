import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { setImmediate } from "node:timers/promises";
import { systemErrorCode } from "../base/errors.ts";
import { openInside } from "./open-inside.ts";
import type { SurveyEntry } from "./survey.ts";
import { keyOf, parentOf, systemPath, type TreePath } from "./tree-path.ts";

/** Who the copy belongs to; undefined means us. */
export type Owner = { readonly uid: number; readonly gid: number } | undefined;

/** An entry that was surveyed and could not be copied as it was found then. */
type Skipped = { readonly path: string; readonly why: "gone" | "changed" | "unreadable" };

/** Which entries to copy, from where to where. */
export type FileCopy = {
  /** Real path of the tree they were found in */
  readonly root: string;
  /** Folder of ours */
  readonly target: string;
  readonly entries: readonly SurveyEntry[];
  readonly owner: Owner;
  readonly signal: AbortSignal | undefined;
  onProgress(done: { readonly files: number; readonly bytes: number }): void;
};

/** What was copied. */
export type CopiedFiles = { readonly files: number; readonly bytes: number; readonly skipped: readonly Skipped[] };

type Copied = { readonly bytes: number } | { readonly why: Skipped["why"] };

/** Bytes that are copied before others have their turn. */
const SLICE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Cost of a file beside its bytes, so that many empty ones make a slice too. */
const FILE_COST = 32 * 1024;

/** Copies files, links and empty folders; nothing is followed, and of a file's mode only "may be executed" is kept. */
export async function copyFiles(copy: FileCopy): Promise<CopiedFiles> {
  const makeFolder = makeFolders(copy.target, copy.owner);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const skipped: Skipped[] = [];
  let files = 0;
  let bytes = 0;
  let slice = 0;
  for (const entry of copy.entries) {
    if (slice <= 0) {
      slice = SLICE_BYTES;
      copy.onProgress({ files, bytes });
      await setImmediate();
      copy.signal?.throwIfAborted();
    }
    makeFolder(entry.kind === "folder" ? entry : parentOf(entry));
    if (entry.kind === "folder") continue;
    const copied = entry.kind === "link" ? copyLink(copy, entry) : await copyFile(copy, entry, chunk);
    if ("why" in copied) {
      skipped.push({ path: entry.path, why: copied.why });
      continue;
    }
    files += 1;
    bytes += copied.bytes;
    slice -= copied.bytes + FILE_COST;
  }
  copy.onProgress({ files, bytes });
  return { files, bytes, skipped };
}

async function copyFile(copy: FileCopy, entry: SurveyEntry, chunk: Buffer): Promise<Copied> {
  const from = openInside(copy.root, entry);
  if (from.kind !== "open")
    return { why: from.kind === "missing" ? "gone" : from.kind === "elsewhere" ? "changed" : "unreadable" };
  try {
    const found = fstatSync(from.fd);
    if (!found.isFile()) return { why: "changed" };
    const mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const to = openSync(systemPath(copy.target, entry), flags, mode);
    try {
      // never more than it had when it was opened: a log may grow for ever
      const bytes = await copyBytes(from.fd, to, found.size, chunk, copy.signal);
      if (copy.owner !== undefined) fchownSync(to, copy.owner.uid, copy.owner.gid);
      futimesSync(to, found.atimeMs / 1000, found.mtimeMs / 1000); // `make` goes by them
      return { bytes };
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from.fd);
  }
}

async function copyBytes(
  from: number,
  to: number,
  size: number,
  chunk: Buffer,
  signal: AbortSignal | undefined,
): Promise<number> {
  let done = 0;
  while (done < size) {
    const got = readSync(from, chunk, 0, Math.min(chunk.length, size - done), null);
    if (got === 0) break;
    for (let put = 0; put < got; ) put += writeSync(to, chunk, put, got - put);
    done += got;
    if (done % SLICE_BYTES === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  return done;
}

function copyLink(copy: FileCopy, entry: SurveyEntry): Copied {
  const path = systemPath(copy.target, entry);
  try {
    symlinkSync(readlinkSync(systemPath(copy.root, entry), "buffer"), path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { why: "gone" };
    if (code === "EINVAL") return { why: "changed" };
    throw error;
  }
  if (copy.owner !== undefined) lchownSync(path, copy.owner.uid, copy.owner.gid);
  return { bytes: 0 };
}

function makeFolders(target: string, owner: Owner): (folder: TreePath) => void {
  const made = new Set<string>([""]);
  const make = (folder: TreePath): void => {
    const key = keyOf(folder);
    if (made.has(key)) return;
    make(parentOf(folder));
    const path = systemPath(target, folder);
    mkdirSync(path, { mode: 0o755 });
    if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
    made.add(key);
  };
  return make;
}
