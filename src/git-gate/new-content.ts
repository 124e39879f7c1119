import { type GitEnv, readGit } from "./git-process.ts";
import type { GateLimits } from "./policy.ts";
import { isNothing, type RefUpdate } from "./send-updates.ts";

/** An object that the upstream does not have. */
export type NewObject = { readonly id: string; readonly type: string; readonly size: number; readonly path: string };

/** A file that a commit adds or changes. */
export type Change = {
  readonly commit: string;
  readonly path: string;
  readonly mode: string;
  readonly blob: string;
  /** What was there before, in each parent; nothing where it was not */
  readonly before: readonly string[];
};

/** A folder that a commit adds or changes: one without a file in it has a name too. */
export type FolderChange = Pick<Change, "commit" | "path">;

/** Everything that a push would bring to the upstream. */
export type NewContent = {
  readonly commits: readonly string[];
  readonly objects: readonly NewObject[];
  readonly changes: readonly Change[];
  readonly folders: readonly FolderChange[];
};

/** What was found, or which limit it is beyond. */
export type FoundContent =
  | { readonly kind: "content"; readonly content: NewContent }
  | { readonly kind: "too-much"; readonly why: string };

/** Mode of a folder in a tree */
const FOLDER = "040000";
const COLON = 0x3a;

/** Lists what a push brings that no branch and no tag of the upstream leads to; reads no content. */
export async function findNewContent(
  updates: readonly RefUpdate[],
  folder: string,
  env: GitEnv,
  limits: GateLimits,
  signal: AbortSignal,
): Promise<FoundContent> {
  const call = { cwd: folder, env: { GIT_DIR: folder, ...env }, timeoutMs: limits.transferMs, signal };
  const tips = updates.filter((update) => !isNothing(update.new)).map((update) => update.new);
  if (tips.length === 0) return { kind: "content", content: { commits: [], objects: [], changes: [], folders: [] } };
  const stdin = [...new Set(tips), ""].join("\n");
  const inOrder = ["rev-list", "--reverse", "--topo-order", "--stdin", "--not", "--all"];
  const [listed, ordered] = await Promise.all([
    readGit(["rev-list", "--objects", "--stdin", "--not", "--all"], { ...call, stdin }),
    readGit(inOrder, { ...call, stdin }),
  ]);
  const many = countOf(listed, "\n"); // before anything is made of them
  if (many > limits.objects) {
    return { kind: "too-much", why: `${many} new objects, and at most ${limits.objects} may come in one push` };
  }
  const paths = new Map(lines(listed).map(splitListed));
  const commits = lines(ordered);
  const diff = ["diff-tree", "--stdin", "-r", "-t", "-c", "--root", "-z", "--raw", "--no-abbrev", "--no-renames"];
  const [sizes, raw] = await Promise.all([
    readGit(["cat-file", "--batch-check", "--buffer"], { ...call, stdin: [...paths.keys(), ""].join("\n") }),
    commits.length === 0 ? "" : readGit(diff, { ...call, stdin: `${commits.join("\n")}\n` }),
  ]);
  const objects = lines(sizes).map((line) => {
    const [id = "", type = "", size = ""] = line.split(" ");
    return { id, type, size: Number(size), path: paths.get(id) ?? "" };
  });
  const large = objects.find(({ size }) => !(size <= limits.objectBytes));
  if (large !== undefined) {
    const why = `a file of ${large.size} bytes (${large.path}), and at most ${limits.objectBytes} may be in one`;
    return { kind: "too-much", why };
  }
  const total = objects.reduce((sum, { size }) => sum + size, 0);
  if (!(total <= limits.totalBytes)) {
    return { kind: "too-much", why: `${total} bytes unpacked, and at most ${limits.totalBytes} may come in one push` };
  }
  const changed = countOf(raw, "\0:"); // few objects can stand in any number of places
  if (changed > limits.changes) {
    return { kind: "too-much", why: `${changed} changed files, and at most ${limits.changes} may come in one push` };
  }
  return { kind: "content", content: { commits, objects, ...parseChanges(raw) } };
}

/** An object and its path, of those that have one. */
function splitListed(line: string): readonly [string, string] {
  const space = line.indexOf(" ");
  return space === -1 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}

/** Reads the raw output of `git diff-tree --stdin -t -c -z`: for a merge, only what differs from every parent. */
export function parseChanges(raw: string): Pick<NewContent, "changes" | "folders"> {
  const changes: Change[] = [];
  const folders: FolderChange[] = [];
  const fields = raw.split("\0");
  let commit = "";
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? "";
    let parents = 0;
    while (field.charCodeAt(parents) === COLON) parents += 1;
    if (parents === 0) {
      if (/^[0-9a-f]{40,64}$/.test(field)) commit = field;
      continue;
    }
    const words = field.slice(parents).split(" ");
    const path = fields[at + 1] ?? "";
    at += 1;
    const mode = words[parents] ?? "";
    const isFolder = words.slice(0, parents + 1).every((one) => one === FOLDER || isNothing(one));
    if (isFolder) {
      if (mode === FOLDER) folders.push({ commit, path });
      continue;
    }
    const blob = words[parents * 2 + 1] ?? "";
    const before = words.slice(parents + 1, parents * 2 + 1).filter((id) => !isNothing(id));
    changes.push({ commit, path, mode, blob, before });
  }
  return { changes, folders };
}

function countOf(text: string, what: string): number {
  let count = 0;
  for (let at = text.indexOf(what); at !== -1; at = text.indexOf(what, at + 1)) count += 1;
  return count;
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
