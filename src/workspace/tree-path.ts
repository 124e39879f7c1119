import { isUtf8 } from "node:buffer";

/** A path below a folder, `/` between parts, that survives names which are no text. */
export type TreePath = {
  /** The path as text; lossy when the name is not UTF-8 */
  readonly path: string;
  /** The bytes of a name that is not UTF-8 */
  readonly raw?: Buffer | undefined;
};

/** Bytes from the system as a path. */
export function parseTreePath(bytes: Buffer): TreePath {
  return isUtf8(bytes) ? { path: bytes.toString("utf8") } : { path: bytes.toString("utf8"), raw: Buffer.from(bytes) };
}

/** The path as the system wants it, below `folder`. */
export function systemPath(folder: string, entry: TreePath): string | Buffer {
  if (entry.raw === undefined) return `${folder}/${entry.path}`;
  return Buffer.concat([Buffer.from(`${folder}/`), entry.raw]);
}

/** `name` below `parent`. */
export function joinTreePath(parent: TreePath, name: TreePath): TreePath {
  if (parent.path === "") return name;
  const path = `${parent.path}/${name.path}`;
  if (parent.raw === undefined && name.raw === undefined) return { path };
  return { path, raw: Buffer.concat([bytesOf(parent), Buffer.from("/"), bytesOf(name)]) };
}

/** The folder a path is in; the empty path at the top. */
export function parentOf(entry: TreePath): TreePath {
  if (entry.raw !== undefined) return parseTreePath(entry.raw.subarray(0, Math.max(entry.raw.lastIndexOf("/"), 0)));
  return { path: entry.path.slice(0, Math.max(entry.path.lastIndexOf("/"), 0)) };
}

/** A text that is equal for equal paths only, and sorts parents before children. */
export function keyOf(entry: TreePath): string {
  return entry.raw === undefined ? entry.path : `\0${entry.raw.toString("latin1")}`;
}

/** The exact bytes of a path. */
function bytesOf(entry: TreePath): Buffer {
  return entry.raw ?? Buffer.from(entry.path);
}

/** Whether a part of the path is `.git`, in any case: the copy's own is made by us and nothing else may be called so. */
export function isGitInternal(path: string): boolean {
  return path.split("/").some((part) => part.toLowerCase() === ".git");
}
