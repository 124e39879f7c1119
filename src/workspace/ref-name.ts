/** Whether a text (one character per byte) is a full ref name by git's own rules, and so also a safe relative path. */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || name.length > 1024) return false;
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$/.test(name)) return false;
  return name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

/** Whether a ref is one of those that travel: branches, tags, remote-tracking refs. */
export function isTravellingRef(name: string): boolean {
  return isRefName(name) && /^refs\/(heads|tags|remotes)\/./.test(name);
}

/** Whether a text is an object id, SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
