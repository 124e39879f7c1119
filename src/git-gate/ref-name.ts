/** Never in the name of a ref: where git reads a refspec, a revision or a pattern, these mean something. */
const FORBIDDEN = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{/;

/**
 * Whether git takes this for the whole name of a ref (`git check-ref-format`). Git's server asks that only when it changes
 * the ref, after the hook, and by then a name such as `refs/heads/mine:refs/heads/main` would have been passed on.
 */
export function isRefName(name: string): boolean {
  const parts = name.split("/");
  if (parts.length < 2 || FORBIDDEN.test(name) || name.endsWith(".")) return false;
  return parts.every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}
