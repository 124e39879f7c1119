import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../base/errors.ts";
import { systemPath, type TreePath } from "./tree-path.ts";

const DESCRIPTORS = "/proc/self/fd";

/** A file that was opened, or why it was not. */
export type Opened =
  | { readonly kind: "open"; readonly fd: number }
  | { readonly kind: "missing" | "elsewhere" | "unreadable" };

/**
 * Opens something below `folder` (a real path) without following a link at any depth: what is open afterwards is where
 * its path says, even when somebody exchanges a folder for a link meanwhile. Never waits for the other end of a pipe.
 */
export function openInside(folder: string, entry: TreePath): Opened {
  const path = systemPath(folder, entry);
  const opened = openWithoutLink(path);
  if (opened.kind !== "open") return opened;
  if (isAt(opened.fd, path)) return opened;
  closeSync(opened.fd);
  return { kind: "elsewhere" };
}

/** The bytes of a small file below `folder`, or undefined when there is no such plain file at exactly that place. */
export function readInside(folder: string, path: string | TreePath, maxBytes = 64 * 1024 * 1024): Buffer | undefined {
  const opened = openInside(folder, typeof path === "string" ? { path } : path);
  if (opened.kind !== "open") return undefined;
  try {
    const found = fstatSync(opened.fd);
    return found.isFile() && found.size <= maxBytes ? readFileSync(opened.fd) : undefined;
  } finally {
    closeSync(opened.fd);
  }
}

function openWithoutLink(path: string | Buffer): Opened {
  try {
    return { kind: "open", fd: openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK) };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    if (code === "ELOOP" || code === "EMLINK" || code === "ENXIO") return { kind: "elsewhere" };
    if (code === "EACCES" || code === "EPERM") return { kind: "unreadable" };
    throw error;
  }
}

function isAt(fd: number, path: string | Buffer): boolean {
  if (existsSync(DESCRIPTORS)) return readlinkSync(`${DESCRIPTORS}/${fd}`, "buffer").equals(Buffer.from(path));
  const parent = dirname(path.toString("latin1"));
  return realpathSync(Buffer.from(parent, "latin1"), "buffer").toString("latin1") === parent;
}
