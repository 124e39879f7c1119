import { join } from "node:path";
import { writeAtomically } from "../base/files.ts";
import type { Holder } from "../base/holder.ts";
import type { Finished } from "../base/process.ts";
import { askUpstream } from "./ask-upstream.ts";
import { readGit } from "./git-process.ts";
import { type ObjectFormat, renderMirrorConfig } from "./mirror-config.ts";
import type { GatePolicy, GateRepo } from "./policy.ts";
import type { UpstreamAccess } from "./upstream-access.ts";
import { parseOwnRefs, type Refs } from "./upstream-refs.ts";

/** What a mirror is made with. */
export type MirrorParts = {
  readonly policy: GatePolicy;
  readonly repo: GateRepo;
  readonly access: UpstreamAccess;
  readonly hooks: string;
  readonly holder: Holder;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

const REFSPECS = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
const FETCH = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
const FETCH_MORE = ["--no-recurse-submodules", "--update-head-ok", "--refmap="];

/** Makes a repository equal to the upstream; what is received goes to `packTo` as well, when there is one. */
export function fetchInto(
  { policy, repo, access, signal }: MirrorParts,
  folder: string,
  packTo?: number,
): Promise<Finished> {
  return askUpstream([...FETCH, ...FETCH_MORE, "--", repo.url, ...REFSPECS], {
    ...{ cwd: folder, env: { ...access.env, GIT_DIR: folder }, timeoutMs: policy.limits.transferMs, signal },
    ...(packTo === undefined ? {} : { packTo }),
  });
}

/** Makes an empty bare repository whose configuration is ours. */
export async function makeMirrorFolder(
  { policy, hooks }: MirrorParts,
  folder: string,
  format: ObjectFormat,
): Promise<void> {
  const args = ["init", "--quiet", "--bare", "--template=", `--object-format=${format}`, "--", folder];
  await readGit(args, { cwd: policy.folder });
  await writeAtomically(
    join(folder, "config"),
    renderMirrorConfig({ format, hooks, packBytes: policy.limits.packBytes }),
  );
}

/** The refs that a repository has. */
export async function readRefs(folder: string): Promise<Refs> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)"];
  return parseOwnRefs(await readGit(args, { cwd: folder, env: { GIT_DIR: folder } }));
}

/** Whether a command ended as it should. */
export function isDone({ exit }: Finished): boolean {
  return exit.kind === "code" && exit.code === 0;
}
