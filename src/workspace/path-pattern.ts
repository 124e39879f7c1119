/** Says whether a path (of a file unless told), `/` between parts, or a folder above it is meant by any of the patterns. */
export type PathMatcher = (path: string, isFolder?: boolean) => boolean;

type Pattern = {
  /** Counted from the root; otherwise a single name at any depth */
  readonly anchored: boolean;
  readonly folderOnly: boolean;
  readonly parts: readonly string[];
};

/**
 * Makes a matcher for gitignore-like patterns: `*`, `?` and `**`, a leading or inner `/` counts from the root, a trailing
 * `/` means folders only, `\` takes the next character as it is. A folder that matches takes everything in it along.
 * There is no `!` and no `[…]`. Takes time in proportion to pattern × path, whatever the pattern.
 */
export function makePathMatcher(patterns: readonly string[]): PathMatcher {
  const parsed = patterns.map(parsePattern).filter((pattern) => pattern.parts.length > 0);
  if (parsed.length === 0) return () => false;
  return (path, isFolder = false) => {
    const parts = path.split("/");
    return parsed.some((pattern) => matchPattern(pattern, parts, isFolder));
  };
}

function parsePattern(written: string): Pattern {
  const folderOnly = written.endsWith("/");
  const body = folderOnly ? written.slice(0, -1) : written;
  const parts = body.split("/").filter((part, index) => part !== "" && !(index === 0 && part === "."));
  return { anchored: body.includes("/"), folderOnly, parts };
}

function matchPattern(pattern: Pattern, parts: readonly string[], isFolder: boolean): boolean {
  const folders = pattern.folderOnly && !isFolder ? parts.slice(0, -1) : parts;
  const [name] = pattern.parts;
  if (!pattern.anchored && name !== undefined) return folders.some((part) => matchName(name, part));
  return matchPrefix(pattern.parts, folders);
}

/** Whether the pattern covers some leading part of the path; `reached[i]` says that `i` parts are used up. */
function matchPrefix(pattern: readonly string[], parts: readonly string[]): boolean {
  let reached = [true, ...parts.map(() => false)];
  for (const [index, piece] of pattern.entries()) {
    const next = reached.map(() => false);
    const last = index === pattern.length - 1;
    for (const [at, here] of reached.entries()) {
      if (!here) continue;
      const part = parts[at];
      // a closing `**` wants something below the folder; elsewhere it may stand for nothing
      if (piece === "**") next.fill(true, last ? at + 1 : at);
      else if (part !== undefined && matchName(piece, part)) next[at + 1] = true;
    }
    reached = next;
  }
  return reached.some(Boolean);
}

/** Whether a name without `/` is meant by a piece of a pattern; only the last `*` is ever reconsidered. */
export function matchName(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star: { readonly p: number; n: number } | undefined;
  while (n < name.length) {
    const want = pattern[p];
    const escaped = want === "\\" && p + 1 < pattern.length;
    if (want === "*") {
      star = { p: p + 1, n };
      p += 1;
    } else if (escaped ? pattern[p + 1] === name[n] : want === "?" || (want !== undefined && want === name[n])) {
      p += escaped ? 2 : 1;
      n += 1;
    } else if (star !== undefined) {
      star.n += 1;
      p = star.p;
      n = star.n;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
