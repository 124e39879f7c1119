import { lchownSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { fileError } from "../base/files.ts";
import type { Holder } from "../base/holder.ts";
import type { Run } from "../base/process.ts";
import type { GitUser } from "./carried-config.ts";
import { type CopiedFiles, copyFiles, type Owner } from "./copy-files.ts";
import { copyRepository } from "./copy-repository.ts";
import { openRepository } from "./find-repository.ts";
import { requireOwnObjects } from "./object-store.ts";
import { chooseRunAs } from "./run-git.ts";
import type { WorkspaceSurvey } from "./survey.ts";

/** How to copy. */
export type CopyOptions = {
  readonly run: Run;
  /** Of the caller */
  readonly uid: number;
  /** Who the copy will belong to; only root can give it away */
  readonly owner?: Owner;
  /** Identity for commits inside */
  readonly gitUser?: GitUser;
  readonly signal?: AbortSignal;
  /** The process that we are */
  readonly holder?: Holder;
  readonly onProgress?: (done: { readonly files: number; readonly bytes: number }) => void;
};

/** What was copied, and what had changed since it was surveyed. */
export type CopyResult = CopiedFiles;

/**
 * Copies a surveyed workspace into `target`, which is made here with mode `0700` or is empty. Either the whole copy
 * is there afterwards or nothing of it is, on a full disk and when stopped half-way too; then, and only then, the signal's
 * reason is what is thrown.
 */
export async function copyWorkspace(
  survey: WorkspaceSurvey,
  target: string,
  options: CopyOptions,
): Promise<CopyResult> {
  if (survey.truncated) throw new BottleError("workspace/too-large", "the workspace was not counted to its end");
  options.signal?.throwIfAborted();
  await makeTarget(target);
  try {
    const copied = await copyBoth(survey, target, options);
    if (options.owner !== undefined) lchownSync(target, options.owner.uid, options.owner.gid);
    return copied;
  } catch (error) {
    const wasStopped = options.signal?.aborted === true; // now: what it removes may make others fail, and them stop it
    await removeCopy(options.run, target);
    if (wasStopped) throw options.signal?.reason;
    throw fileError(error, "write", target);
  }
}

async function makeTarget(target: string): Promise<void> {
  try {
    await mkdir(target, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST" && (await readdir(target)).length === 0) return;
    throw fileError(error, "create", target);
  }
}

/** Files and history at the same time; when one fails the other is stopped, and both have ended before this does. */
async function copyBoth(survey: WorkspaceSurvey, target: string, options: CopyOptions): Promise<CopyResult> {
  const failed = new AbortController();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const stopOther = (error: unknown) => {
    failed.abort(error);
    throw error;
  };
  const owner = options.owner;
  const onProgress = options.onProgress ?? (() => {});
  const files = copyFiles({ root: survey.root, target, entries: survey.entries, owner, signal, onProgress });
  const [copied, history] = await Promise.allSettled([
    files.catch(stopOther),
    copyHistory(survey, target, options, signal).catch(stopOther),
  ]);
  if (failed.signal.aborted) throw failed.signal.reason;
  if (copied.status === "rejected") throw copied.reason;
  if (history.status === "rejected") throw history.reason;
  return copied.value;
}

async function copyHistory(
  survey: WorkspaceSurvey,
  target: string,
  options: CopyOptions,
  signal: AbortSignal,
): Promise<void> {
  if (survey.kind === "folder") return;
  const repository = openRepository(survey.root);
  if (repository === undefined)
    throw new BottleError("workspace/unreadable", `the repository at ${survey.root} is gone`);
  requireOwnObjects(repository.commonDir, survey.mayBorrow);
  const as = chooseRunAs(options.uid, survey.owner, [survey.root, repository.gitDir, repository.commonDir]);
  await copyRepository({
    repository,
    target,
    owner: options.owner,
    user: options.gitUser,
    host: { run: options.run, as, signal, holder: options.holder },
  });
}

/** By `rm`, because Node's own removal gives up on names that are no text. */
async function removeCopy(run: Run, target: string): Promise<void> {
  const { exit, stderr } = await run(["rm", "-rf", "--", target], { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } });
  if (exit.kind === "code" && exit.code === 0) return;
  throw new BottleError("file/not-usable", `cannot remove the unfinished copy ${target}: ${stderr.split("\n")[0]}`);
}
