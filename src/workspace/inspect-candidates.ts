import { closeSync, lstatSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { setImmediate } from "node:timers/promises";
import { systemErrorCode } from "../base/errors.ts";
import type { WorkspaceRules } from "../manifest/bottle.ts";
import type { LeftOut } from "../plan/plan.ts";
import type { Candidate } from "./candidate.ts";
import { isRepositoryConfig } from "./find-repository.ts";
import { openInside } from "./open-inside.ts";
import { makePathMatcher } from "./path-pattern.ts";
import { findSecretName } from "./secret-names.ts";
import type { SurveyEntry } from "./survey.ts";
import { isGitInternal, keyOf, parentOf, systemPath, type TreePath } from "./tree-path.ts";

/** What was decided about a list of candidates. */
export type Inspected = {
  readonly entries: readonly SurveyEntry[];
  readonly leftOut: readonly LeftOut[];
  readonly bytes: number;
};

type Rules = Pick<WorkspaceRules, "exclude" | "include"> & {
  /** Folders of ours below the root, relative to it; nothing brings in what they hold */
  readonly own: readonly string[];
};

type Decision =
  | { readonly kind: "in"; readonly entry: SurveyEntry }
  | { readonly kind: "out"; readonly leftOut: LeftOut }
  | { readonly kind: "gone" };

const GONE: Decision = { kind: "gone" };
const SLICE = 1000;

/** Decides for every candidate whether it goes in; looks at names and `lstat`, and reads no file. */
export async function inspectCandidates(
  root: string,
  candidates: readonly Candidate[],
  rules: Rules,
  signal: AbortSignal | undefined,
): Promise<Inspected> {
  const inspect = makeInspector(root, rules);
  const entries = new Map<string, SurveyEntry>();
  const leftOut = new Map<string, LeftOut>();
  for (const [index, candidate] of candidates.entries()) {
    if (index % SLICE === 0) await setImmediate();
    signal?.throwIfAborted();
    const decision = inspect(candidate);
    if (decision.kind === "in") entries.set(keyOf(candidate), decision.entry);
    if (decision.kind === "out") leftOut.set(decision.leftOut.path, decision.leftOut);
  }
  const sorted = [...entries.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  return {
    entries: sorted,
    leftOut: [...leftOut.values()],
    bytes: sorted.reduce((sum, entry) => sum + entry.bytes, 0),
  };
}

function makeInspector(root: string, rules: Rules) {
  const excluded = makePathMatcher(rules.exclude);
  const included = makePathMatcher(rules.include);
  const isRealFolder = makeFolderCheck(root);
  return (candidate: Candidate): Decision => {
    const { path } = candidate;
    const own = rules.own.find((folder) => path === folder || path.startsWith(`${folder}/`));
    if (own !== undefined) return out(`${own}/`, "own-settings");
    if (isGitInternal(path)) return out(untilGit(path), "nested-repository");
    const isFolder = candidate.folder === true || candidate.nested === true;
    if (excluded(path, isFolder)) {
      const whole = topmost(isFolder ? `${path}/` : path, (folder) => excluded(folder, true));
      return out(whole, "excluded");
    }
    const secret = candidate.tracked || included(path) ? undefined : findSecretName(path);
    if (secret !== undefined) return out(secret, "looks-like-secret");
    if (!candidate.tracked && isRepositoryConfig(root, path)) return out(path, "nested-repository");
    if (!isRealFolder(parentOf(candidate))) return GONE;
    return inspectFound(root, candidate);
  };
}

function inspectFound(root: string, candidate: Candidate): Decision {
  const found = lstatOrCode(root, candidate);
  if (typeof found === "string")
    return found === "ENOENT" || found === "ENOTDIR" ? GONE : out(candidate.path, "unreadable");
  const { path, raw } = candidate;
  const entry = raw === undefined ? { path } : { path, raw };
  if (found.isSymbolicLink()) {
    // a tracked link is part of what was committed: it is kept as the text it is, and points nowhere inside
    const leaves = !candidate.tracked && leavesTree(path, readlinkSync(systemPath(root, candidate), "latin1"));
    return leaves ? out(path, "link-out") : { kind: "in", entry: { ...entry, kind: "link", bytes: 0 } };
  }
  if (found.isDirectory())
    return candidate.folder ? { kind: "in", entry: { ...entry, kind: "folder", bytes: 0 } } : GONE;
  if (!found.isFile()) return out(path, "special-file");
  if (!isReadable(root, candidate, found)) return out(path, "unreadable");
  return { kind: "in", entry: { ...entry, kind: "file", bytes: found.size } };
}

/** Whether every folder on the way is one, and no link; remembers what it has seen. */
function makeFolderCheck(root: string): (folder: TreePath) => boolean {
  const known = new Map<string, boolean>([["", true]]);
  const check = (folder: TreePath): boolean => {
    const key = keyOf(folder);
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = check(parentOf(folder)) ? lstatOrCode(root, folder) : "ENOENT";
    // a folder that may not be searched is left to the look at what is in it, which says so
    const answer = typeof found === "string" ? found === "EACCES" : found.isDirectory();
    known.set(key, answer);
    return answer;
  };
  return check;
}

function lstatOrCode(root: string, path: TreePath): Stats | string {
  try {
    return lstatSync(systemPath(root, path));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}

function isReadable(root: string, path: TreePath, found: Stats): boolean {
  if ((found.mode & 0o444) === 0o444) return true;
  const opened = openInside(root, path);
  if (opened.kind === "open") closeSync(opened.fd);
  return opened.kind !== "unreadable";
}

function leavesTree(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  const end = posix.join(posix.dirname(path), target);
  return end === ".." || end.startsWith("../");
}

function untilGit(path: string): string {
  const parts = path.split("/");
  return parts.slice(0, parts.findIndex(isGitInternal) + 1).join("/");
}

function topmost(path: string, matches: (folder: string) => boolean): string {
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    if (matches(path.slice(0, end))) return `${path.slice(0, end)}/`;
  }
  return path;
}

function out(path: string, why: LeftOut["why"]): Decision {
  return { kind: "out", leftOut: { path, why } };
}
