import { closeSync, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import type { Candidate, Candidates } from "./candidate.ts";
import { openRepository, type RepositoryFolders } from "./find-repository.ts";
import type { PathMatcher } from "./path-pattern.ts";
import { readSettings } from "./repository-settings.ts";
import type { GitHost } from "./run-git.ts";
import { type ScratchRepository, withScratchRepository } from "./scratch-repository.ts";
import { joinTreePath, parseTreePath, systemPath, type TreePath } from "./tree-path.ts";
import { type Walk, walkFolder } from "./walk-folder.ts";

/** How to list a repository. */
export type Listing = Omit<Walk, "root"> & {
  readonly host: GitHost;
  /** Ignored files that are wanted all the same */
  readonly wantsIgnored: PathMatcher | undefined;
};

/** Most of one listing that is read, `bytes`: more than the bound's number of paths. */
const MAX_LISTING_BYTES = 256 * 1024 * 1024;

/** Lists tracked, changed and untracked-not-ignored paths, those of repositories inside included. */
export async function listRepository(repository: RepositoryFolders, listing: Listing): Promise<Candidates> {
  const settings = await readSettings(listing.host, repository);
  const found = await withScratchRepository(listing.host, repository, settings, (scratch) =>
    readLists(scratch, listing),
  );
  const paths: Candidate[] = [];
  const unreadable: TreePath[] = [];
  let truncated = found.truncated;
  for (const candidate of found.paths) {
    if (!candidate.nested || listing.skip(candidate) || !isRealFolder(repository.root, candidate)) {
      paths.push(candidate);
      continue;
    }
    const inner = await listNested(repository.root, candidate, { ...listing, bound: listing.bound - paths.length });
    paths.push(...inner.paths.map((path) => ({ ...path, ...joinTreePath(candidate, path) })));
    unreadable.push(...inner.unreadable.map((path) => (path.path === "" ? candidate : joinTreePath(candidate, path))));
    truncated ||= inner.truncated;
  }
  return { paths, unreadable, truncated };
}

/** A repository inside a repository: listed by its own rules if it can be, else like any folder. */
async function listNested(root: string, at: TreePath, listing: Listing): Promise<Candidates> {
  if (at.raw !== undefined) return { paths: [], unreadable: [{ path: "" }], truncated: false };
  const inner = join(root, at.path);
  try {
    const nested = openRepository(inner);
    if (nested !== undefined) return withDotGit(await listRepository(nested, listing));
  } catch (error) {
    if (!(error instanceof BottleError)) throw error; // damaged, or not its own: then only its files matter
  }
  return walkFolder({ root: inner, skip: () => false, bound: listing.bound, signal: listing.signal });
}

/** The nested `.git` itself, so that it is told to stay outside. */
function withDotGit(found: Candidates): Candidates {
  return { ...found, paths: [{ path: ".git", tracked: false }, ...found.paths] };
}

async function readLists(scratch: ScratchRepository, listing: Listing): Promise<Omit<Candidates, "unreadable">> {
  const tracked = await readList(scratch, ["--stage"], listing.bound, parseStaged);
  const others = await readList(scratch, ["--others", "--exclude-standard"], listing.bound, parseUntracked);
  const paths = [...tracked.paths.filter(isFirstStage), ...others.paths];
  if (listing.wantsIgnored === undefined) return { paths, truncated: tracked.truncated || others.truncated };
  const wants = listing.wantsIgnored;
  const ignored = await readList(
    scratch,
    ["--others", "--ignored", "--exclude-standard"],
    Number.POSITIVE_INFINITY,
    (line) => {
      const candidate = parseUntracked(line);
      return wants(candidate.path) ? candidate : undefined;
    },
  );
  return { paths: [...paths, ...ignored.paths], truncated: tracked.truncated || others.truncated || ignored.truncated };
}

async function readList(
  scratch: ScratchRepository,
  args: readonly string[],
  bound: number,
  parse: (line: Buffer) => Candidate | undefined,
): Promise<Omit<Candidates, "unreadable">> {
  const output = openSync(join(scratch.folder, `list${args.join("")}`), "wx+", 0o600);
  try {
    await scratch.git(["ls-files", "-z", ...args], { stdoutTo: output });
    return parseList(output, bound, parse);
  } finally {
    closeSync(output);
  }
}

function parseList(
  fd: number,
  bound: number,
  parse: (line: Buffer) => Candidate | undefined,
): Omit<Candidates, "unreadable"> {
  const size = fstatSync(fd).size;
  const bytes = Buffer.alloc(Math.min(size, MAX_LISTING_BYTES));
  readSync(fd, bytes, 0, bytes.length, 0);
  const paths: Candidate[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end !== -1 && paths.length <= bound; end = bytes.indexOf(0, start)) {
    const candidate = parse(bytes.subarray(start, end));
    if (candidate !== undefined) paths.push(candidate);
    start = end + 1;
  }
  return { paths, truncated: start < size };
}

/** `MODE ID STAGE<tab>PATH`. */
function parseStaged(line: Buffer): Candidate {
  const path = parseTreePath(line.subarray(line.indexOf(9) + 1));
  requireInside(path.path);
  return line.subarray(0, 6).toString("latin1") === "160000"
    ? { ...path, tracked: true, nested: true }
    : { ...path, tracked: true };
}

/** Git checks what is added to an index, not what it finds in one: an index that somebody made may name anything. */
function requireInside(path: string): void {
  if (!path.split("/").some((part) => part === "" || part === "." || part === "..")) return;
  throw new BottleError("workspace/not-allowed", `the index of the repository names ${path}, which lies outside`, {
    hint: "git never writes such an index: `git clone` the repository to a folder of its own and start there",
  });
}

/** A path; that of a repository inside ends with `/`. */
function parseUntracked(line: Buffer): Candidate {
  if (line.at(-1) !== 0x2f) return { ...parseTreePath(line), tracked: false };
  return { ...parseTreePath(line.subarray(0, -1)), tracked: false, nested: true };
}

/** An unmerged path is listed once per stage, one after the other. */
function isFirstStage(candidate: Candidate, index: number, all: readonly Candidate[]): boolean {
  return all[index - 1]?.path !== candidate.path || candidate.raw !== undefined;
}

function isRealFolder(root: string, candidate: Candidate): boolean {
  try {
    return lstatSync(systemPath(root, candidate)).isDirectory();
  } catch {
    return false; // gone or unreachable: found out again, and told, when it is looked at
  }
}
