import { join, normalize, parse } from "node:path";

/** A path of the host, absolute and without a slash at its end, from what a person may write: `/…` or `~/…`. */
export function parseHostPath(text: string, userHome: string): string | undefined {
  if (/\p{Cc}/u.test(text)) return undefined;
  if (text.startsWith("~/")) return withoutSlash(join(userHome, text.slice(2)));
  return text.startsWith("/") ? withoutSlash(normalize(text)) : undefined;
}

/** Whether a text is the path of a file in whatever repository somebody stands in: relative, and never above it. */
export function isInRepository(text: string): boolean {
  const parts = text.split("/");
  return !/^[/~]|\p{Cc}/u.test(text) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

/** Whether a folder is another one or contains it; both absolute and normalised. */
export function containsPath(folder: string, inner: string): boolean {
  return folder === "/" || inner === folder || inner.startsWith(`${folder}/`);
}

function withoutSlash(path: string): string {
  return path.endsWith("/") && path !== parse(path).root ? path.slice(0, -1) : path;
}
