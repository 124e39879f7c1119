import { scrypt } from "node:crypto";
import { join } from "node:path";
import { folderExists, makePrivateFolder, writeAtomically } from "../base/files.ts";
import { tryLock } from "../base/lock.ts";
import { ArrivingPack } from "./arriving-pack.ts";
import type { ObjectFormat } from "./mirror-config.ts";
import { fetchInto, isDone, type MirrorParts, makeMirrorFolder, readRefs } from "./mirror-folder.ts";
import { sweepMirror } from "./sweep-mirror.ts";
import { sameRefs, type UpstreamRefs } from "./upstream-refs.ts";

/**
 * Lets a mirror read objects that bottles of this user share, after bringing them up to date unless another bottle is
 * doing that; says whether they are all that the upstream has. Refs are never shared: what is new to the upstream is decided
 * by the mirror's own. One shared store for each url and credential, so that nobody finds objects which his own credential
 * does not reach. A pack with everything, which an empty store receives, is told of when it begins to arrive.
 */
export async function borrowObjects(
  parts: MirrorParts,
  folder: string,
  { format, refs }: UpstreamRefs,
  onArriving: (pack: ArrivingPack) => void,
): Promise<boolean> {
  const { policy, repo } = parts;
  if (refs.size === 0) return false;
  const identity = JSON.stringify([
    format,
    repo.url,
    repo.key,
    repo.hostKey,
    repo.token?.expose("name of a cache folder"),
  ]);
  const store = join(policy.cache, await nameStore(identity));
  await makePrivateFolder(policy.cache);
  const attempt = await tryLock(`${store}.lock`, parts.holder);
  let whole = false;
  if (attempt.kind === "taken") {
    try {
      // what git makes last: a gate may have been killed while it made the store
      if (!(await folderExists(join(store, "objects")))) await makeMirrorFolder(parts, store, format);
      whole = await bringUpToDate(parts, store, { format, refs }, onArriving);
    } finally {
      await attempt.lock.release();
    }
  }
  if (!(await folderExists(join(store, "objects")))) return false;
  await writeAtomically(join(folder, "objects/info/alternates"), `${join(store, "objects")}\n`);
  return whole;
}

/** Says whether a store has all that the upstream listed: git sets a ref when it has all that it leads to. */
async function bringUpToDate(
  parts: MirrorParts,
  store: string,
  { format, refs }: Pick<UpstreamRefs, "format" | "refs">,
  onArriving: (pack: ArrivingPack) => void,
): Promise<boolean> {
  const has = await readRefs(store);
  if (sameRefs(refs, has)) return true;
  const isFetched =
    has.size === 0 ? await fetchFirst(parts, store, format, onArriving) : isDone(await fetchInto(parts, store));
  if (isFetched) return sameRefs(refs, await readRefs(store));
  // the mirror's own fetch says why; what a killed bottle left is out of the way of the next one
  await sweepMirror(store, true);
  return false;
}

async function fetchFirst(
  parts: MirrorParts,
  store: string,
  format: ObjectFormat,
  onArriving: (pack: ArrivingPack) => void,
): Promise<boolean> {
  const pack = await ArrivingPack.open(parts.policy.folder);
  let isWhole = false;
  try {
    onArriving(pack);
    const isFetched = isDone(await fetchInto(parts, store, pack.descriptor));
    isWhole = isFetched && (await pack.isKeptIn(join(store, "objects/pack"), format));
    return isFetched;
  } finally {
    await pack.end(isWhole);
  }
}

/** A name that says nothing about the credential in it, also when that is a short password: each guess is dear. */
function nameStore(identity: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(identity, "bot-bottle git store", 16, (error, key) =>
      error ? reject(error) : resolve(key.toString("hex")),
    );
  });
}
