import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { fileError, makePrivateFolder } from "../base/files.ts";
import type { Holder } from "../base/holder.ts";
import type { Ids } from "../base/ids.ts";
import { parseSlug, type Slug } from "../base/ids.ts";
import { type Lock, tryLock } from "../base/lock.ts";
import { slugify } from "../base/slugify.ts";
import { makeTemporaryPrefix } from "../base/temporary-name.ts";
import { type BottleFolders, CLAIMING, foldersAt, LABELS, makeBottleFolders } from "./bottle-folders.ts";
import { makeLabelPath } from "./label.ts";
import { renderHolder } from "./parse-holder.ts";

/** What a claim is made with. */
export type Claim = {
  /** The state folder */
  readonly state: string;
  /** Text from which the slug is made: the names of the bottle */
  readonly base: string;
  /** Slug that was already shown to the operator; tried first */
  readonly wanted?: Slug | undefined;
  readonly label?: string | undefined;
  readonly ids: Ids;
  readonly holder: Holder;
};

/** A slug, its folders and its label, which nobody else on this machine has. */
export type ClaimedBottle = {
  readonly slug: Slug;
  readonly folders: BottleFolders;
  /** Gives the label back; without one, does nothing. */
  releaseLabel(): Promise<void>;
};

const MOST_TRIES = 20;

/** A slug that is very likely free: what the preflight shows. */
export function makeSlug(base: string, ids: Ids): Slug {
  const slug = parseSlug(`${slugify(base)}-${ids.base36(5)}`);
  if (slug === undefined) throw new Error(`no slug can be made from ${base}`);
  return slug;
}

/**
 * Claims a slug by making its folder, and the label if there is one. The folder appears with its holder inside, so that no
 * clean-up ever takes it for a leftover. Throws `bottle/label-taken` when a living bottle has the label.
 */
export async function claimSlug(claim: Claim): Promise<ClaimedBottle> {
  const labelPath = claim.label === undefined ? undefined : makeLabelPath(claim.state, claim.label);
  await makePrivateFolder(join(claim.state, LABELS));
  const slug = await claimFolder(claim);
  const folders = makeBottleFolders(claim.state, slug);
  try {
    const lock = labelPath === undefined ? undefined : await claimLabel(labelPath, slug, claim);
    return { slug, folders, releaseLabel: async () => lock?.release() };
  } catch (error) {
    await rm(folders.root, { recursive: true, force: true });
    throw error;
  }
}

async function claimLabel(path: string, slug: Slug, { label, holder }: Claim): Promise<Lock> {
  const attempt = await tryLock(path, holder, slug);
  if (attempt.kind === "taken") return attempt.lock;
  const other = parseSlug(attempt.by.note) ?? `process ${attempt.by.pid}`;
  throw new BottleError("bottle/label-taken", `the label ${label} is taken by ${other}, which is running`, {
    hint: `choose another --label, or end ${other} first`,
  });
}

async function claimFolder(claim: Claim): Promise<Slug> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const wanted = tries === 0 ? claim.wanted : undefined;
    const slug = wanted ?? makeSlug(claim.base, claim.ids);
    if (await placeFolder(claim, slug)) return slug;
  }
  throw new BottleError("file/not-usable", `no free name for a bottle was found in ${claim.state}`, {
    hint: "`bottle cleanup` removes what ended bottles left",
  });
}

/** Renaming onto a folder that is not empty fails, which makes this the exclusive step */
async function placeFolder({ state, holder, ids }: Claim, slug: Slug): Promise<boolean> {
  const folders = makeBottleFolders(state, slug);
  const temporary = foldersAt(join(state, makeTemporaryPrefix(CLAIMING, holder) + ids.base36(6)));
  try {
    mkdirSync(temporary.root, { mode: 0o700 }); // microseconds, where each turn of the thread pool costs more
    writeFileSync(temporary.holder, renderHolder(holder), { mode: 0o600, flag: "wx" });
    for (const folder of [temporary.home, temporary.workspace, temporary.scratch]) mkdirSync(folder, { mode: 0o700 });
    renameSync(temporary.root, folders.root);
    return true;
  } catch (error) {
    await rm(temporary.root, { recursive: true, force: true });
    const code = systemErrorCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw fileError(error, "create", folders.root);
  }
}
