import { isAbsolute, relative } from "node:path";

/** True when `path` is `folder` or lies below it; both absolute and normalised. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}
