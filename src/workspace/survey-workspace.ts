import { lstatSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Holder } from "../base/holder.ts";
import type { Paths } from "../base/paths.ts";
import type { Run } from "../base/process.ts";
import type { WorkspaceRules } from "../manifest/bottle.ts";
import { refuseFolder, resolveFolder } from "./allowed-folder.ts";
import type { Candidates } from "./candidate.ts";
import { findRepository, type RepositoryFolders } from "./find-repository.ts";
import { readHead } from "./git-refs.ts";
import { inspectCandidates } from "./inspect-candidates.ts";
import { listRepository } from "./list-repository.ts";
import { ALTERNATES, requireOwnObjects } from "./object-store.ts";
import { findOwnFolders } from "./own-folders.ts";
import { makePathMatcher } from "./path-pattern.ts";
import { refuseForeign } from "./refuse-foreign.ts";
import { chooseRunAs } from "./run-git.ts";
import type { WorkspaceSurvey } from "./survey.ts";
import { walkFolder } from "./walk-folder.ts";

/** Number of paths after which counting stops unless told: far more than goes in unasked, quickly reached. */
const SURVEY_BOUND = 100_000;

/** What to survey, and for whom. */
export type SurveyInput = {
  readonly folder: string;
  readonly userHome: string;
  /** Where our own settings and cache are: they stay outside wherever they lie */
  readonly paths: Paths;
  readonly rules: WorkspaceRules;
  readonly run: Run;
  /** Of the caller */
  readonly uid: number;
  readonly signal?: AbortSignal;
  /** The process that we are */
  readonly holder?: Holder;
  /** Paths after which counting stops; `Number.POSITIVE_INFINITY` once a large copy was agreed to */
  readonly bound?: number;
};

/**
 * Finds out what a copy of a folder, or of the repository it is in, would take. Reads names and sizes only: nothing of the
 * tree is changed, executed or followed out of it. Throws `workspace/not-allowed` for a folder that is never copied.
 */
export async function surveyWorkspace(input: SurveyInput): Promise<WorkspaceSurvey> {
  const folder = resolveFolder(input.folder);
  const repository = findRepository(folder);
  const root = repository?.root ?? folder;
  const mayBorrow = input.rules.include.includes(ALTERNATES);
  refuseFolder(folder, input.userHome, false);
  if (repository !== undefined) {
    refuseFolder(root, input.userHome, true);
    refuseForeign(repository, folder, input.uid);
    requireOwnObjects(repository.commonDir, mayBorrow);
  }
  const { uid, gid } = statSync(root);
  const own = findOwnFolders(root, input.paths);
  const found = await list(input, root, repository, { uid, gid }, own);
  const inspected = await inspectCandidates(root, found.paths, { ...input.rules, own }, input.signal);
  const unreadable = found.unreadable.map(({ path }) => ({
    path: path === "" ? "." : `${path}/`,
    why: "unreadable" as const,
  }));
  return Object.freeze({
    root,
    kind: repository === undefined ? "folder" : "git",
    subfolder: relative(root, folder),
    branch: repository === undefined ? undefined : readHead(repository).branch,
    entries: inspected.entries,
    files: inspected.entries.filter((entry) => entry.kind !== "folder").length,
    bytes: inspected.bytes,
    historyBytes: repository === undefined ? 0 : sumPacks(repository),
    mayBorrow,
    truncated: found.truncated,
    leftOut: [...inspected.leftOut, ...unreadable],
    owner: { uid, gid },
  });
}

async function list(
  input: SurveyInput,
  root: string,
  repository: RepositoryFolders | undefined,
  owner: { readonly uid: number; readonly gid: number },
  own: readonly string[],
): Promise<Candidates> {
  const excluded = makePathMatcher(input.rules.exclude);
  const walk = {
    skip: ({ path }: { readonly path: string }) => own.includes(path) || excluded(path, true),
    bound: input.bound ?? SURVEY_BOUND,
    signal: input.signal,
  };
  if (repository === undefined) return walkFolder({ root, ...walk });
  const as = chooseRunAs(input.uid, owner, [root, repository.gitDir, repository.commonDir]);
  const host = { run: input.run, as, signal: input.signal, holder: input.holder };
  const wantsIgnored = input.rules.include.length === 0 ? undefined : makePathMatcher(input.rules.include);
  return listRepository(repository, { ...walk, host, wantsIgnored });
}

function sumPacks(repository: RepositoryFolders): number {
  const folder = join(repository.commonDir, "objects/pack");
  const names = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
  const packs = names.filter((name) => name.endsWith(".pack"));
  return packs.reduce((sum, name) => sum + (lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
