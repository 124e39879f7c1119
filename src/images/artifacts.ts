import type { Dirent } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { systemErrorCode } from "../base/errors.ts";
import type { HandOverName } from "../plan/hand-over.ts";
import { type ImageId, shortImageId } from "./image-id.ts";

/** How an artifact is made: handed over as the word says, or packed from a machine that was made from the archive. */
export type MadeBy = HandOverName | "template";

/** Raised when what is in an artifact changes its form */
const FORMAT = 1;
const PACK = "smolmachine";
const NAME = /^([0-9a-f]{16})-[a-z0-9]+-[a-z]+-v\d+\.(tar|smolmachine)$/;
/** What is not complete yet, or never was: a file or a folder beside the artifact that it was to be */
const PARTIAL = /^[0-9a-f]{16}-[a-z0-9]+-[a-z]+-v\d+\.(tar|smolmachine)\.(partial|saved)$/;
/** No hand-over takes that long: its process is gone, `ms` */
const ABANDONED_AFTER_MS = 60 * 60_000;

/** Something that was made from an image, for machines. */
export type Artifact = {
  readonly path: string;
  /** First 16 digits of the content id of its image */
  readonly image: string;
  readonly bytes: number;
  /** When it was last used to make a machine, or made */
  readonly used: Date;
};

/** Where artifacts lie; they can be made again at any time. */
export function artifactFolder(cacheFolder: string): string {
  return join(cacheFolder, "smolmachines");
}

/** Name of an artifact: the same content, made the same way, the same name. */
export function artifactName(id: ImageId, arch: string, by: MadeBy): string {
  return `${shortImageId(id)}-${arch}-${by}-v${FORMAT}.${by === "archive" ? "tar" : PACK}`;
}

/** The pack of the machine that is made from an archive; undefined for anything but an archive of ours. */
export function templateOf(archive: string): string | undefined {
  const ending = `-archive-v${FORMAT}.tar`;
  return archive.endsWith(ending) ? `${archive.slice(0, -ending.length)}-template-v${FORMAT}.${PACK}` : undefined;
}

/** Whether there is a whole artifact of this name: one is renamed to it when it is complete. */
export async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** All artifacts, the last used first. */
export async function listArtifacts(cacheFolder: string): Promise<readonly Artifact[]> {
  const folder = artifactFolder(cacheFolder);
  const artifacts = await Promise.all(
    (await readNames(folder)).map(async ({ name }) => {
      const [, image] = NAME.exec(name) ?? [];
      const path = join(folder, name);
      const facts = image === undefined ? undefined : await stat(path).catch(() => undefined);
      if (image === undefined || facts === undefined) return [];
      return [{ path, image, bytes: facts.size, used: facts.mtime }];
    }),
  );
  return artifacts.flat().sort((a, b) => b.used.getTime() - a.used.getTime());
}

/** Which artifacts are to go. */
export type ArtifactRules = {
  /** Those whose image is not among these, 16 digits each; undefined where no engine can be asked */
  readonly images: ReadonlySet<string> | undefined;
  readonly all: boolean;
  /** Not used for longer than this, `ms` */
  readonly olderThanMs: number | undefined;
  /** The least recently used, until the rest is no larger than this */
  readonly keepBytes: number | undefined;
};

/** Chooses what is to be removed, of a list with the last used first. Pure. */
export function selectPrunable(
  artifacts: readonly Artifact[],
  { images, all, olderThanMs, keepBytes }: ArtifactRules,
  now: Date,
): readonly Artifact[] {
  let kept = 0;
  return artifacts.filter(({ image, used, bytes }) => {
    const isGone = images !== undefined && !images.has(image);
    const isOld = olderThanMs !== undefined && now.getTime() - used.getTime() > olderThanMs;
    if (all || isGone || isOld) return true;
    kept += bytes;
    return keepBytes !== undefined && kept > keepBytes;
  });
}

/** Notes that an artifact is used, for whoever removes the ones that are not. */
export async function touchArtifact(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {}); // a cache that cannot be written only loses its order
}

/** Removes an artifact; machines that were made from it have their own copy. */
export async function removeArtifact({ path }: Artifact): Promise<void> {
  await rm(path, { force: true });
}

/** Removes what was begun and never completed, by processes that are gone. */
export async function removePartials(cacheFolder: string, now: Date): Promise<void> {
  const folder = artifactFolder(cacheFolder);
  for (const { name } of await readNames(folder)) {
    if (!PARTIAL.test(name)) continue;
    const facts = await stat(join(folder, name)).catch(() => undefined);
    if (facts === undefined || now.getTime() - facts.mtime.getTime() < ABANDONED_AFTER_MS) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function readNames(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}
