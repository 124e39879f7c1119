import { rm } from "node:fs/promises";
import { join } from "node:path";
import { BottleError } from "../../base/errors.ts";
import { makePrivateFolder } from "../../base/files.ts";
import { withLockWaited } from "../../base/lock-waited.ts";
import { slugify } from "../../base/slugify.ts";
import { artifactFolder, artifactName, isThere, templateOf, touchArtifact } from "../../images/artifacts.ts";
import { buildImage } from "../../images/build-image.ts";
import { readImageFacts } from "../../images/image-facts.ts";
import type { HandOver } from "../../plan/hand-over.ts";
import type { GuestImage, Prepared, PrepareWatch } from "../backend.ts";
import { type NamedImage, packImage, saveArchive } from "./hand-over.ts";
import type { SmolmachinesSetup } from "./setup.ts";
import { tellWhile } from "./tell-while.ts";
import { findTemplate, refuseTemplate } from "./template.ts";
import { hasPacks, renderVersion, type Version } from "./version.ts";

/**
 * Builds an image and makes sure that there is an artifact of it to make machines from; its path. Nothing is saved, pushed or
 * packed when the same content was before. Of starts that want the same image at once one works and the others wait: two
 * builds at once give two images, of which one loses its name.
 */
export async function prepareArtifact(
  setup: SmolmachinesSetup,
  version: Version,
  recipe: GuestImage,
  watch: PrepareWatch,
): Promise<Prepared> {
  const { engine, cacheFolder, nodePath, pid } = setup;
  const folder = artifactFolder(cacheFolder);
  await makePrivateFolder(folder);
  const lock = { path: join(folder, `${slugify(recipe.tag)}.lock`), pid, note: "making an image" };
  const locked = <T>(work: () => Promise<T>) => withLockWaited(lock, watch.signal, work);
  return locked(async () => {
    const id = await buildImage(engine, recipe, watch);
    // our own Node cannot be lent to a machine: it may be one for another system
    await readImageFacts(engine, id, { cacheFolder, nodePath, nodeTarget: "", mayMount: false });
    const image = { name: recipe.tag, id };
    const archive = join(folder, artifactName(id, setup.arch, "archive"));
    const saved = () => useArchive(setup, image, archive, watch);
    const how = recipe.handOver ?? { kind: "archive" };
    if (how.kind !== "archive") {
      const pack = join(folder, artifactName(id, setup.arch, how.kind));
      const prepared = await packOr(setup, version, image, how, { pack, archive }, watch);
      return prepared === undefined ? saved() : insteadOf(prepared, () => locked(saved), watch);
    }
    const template = await findTemplate(templateOf(archive), version);
    if (template === undefined) return saved();
    await touchArtifact(template);
    return insteadOf(
      template,
      () => locked(saved),
      watch,
      () => refuseTemplate(template, version),
    );
  });
}

/** A pack, and what happens when no machine starts from it: it is not used again, and the archive is. */
function insteadOf(
  pack: string,
  useSaved: () => Promise<Prepared>,
  { signal, onWarning }: PrepareWatch,
  remember: () => Promise<void> = async () => {},
): Prepared {
  return {
    image: pack,
    instead: async (failure) => {
      signal?.throwIfAborted();
      onWarning?.(`no machine starts from its pack, so the archive is used: ${failure.message}`);
      await rm(pack, { force: true });
      await remember();
      return useSaved();
    },
  };
}

async function useArchive(
  setup: SmolmachinesSetup,
  image: NamedImage,
  path: string,
  { signal, onLine }: PrepareWatch,
): Promise<Prepared> {
  if (await isThere(path)) await touchArtifact(path);
  else await tellWhile(onLine, (tell) => saveArchive(setup, image, path, { signal, tell }));
  return { image: path };
}

/** The pack by the way that was asked for; undefined, with a word why, where that does not work. */
async function packOr(
  setup: SmolmachinesSetup,
  version: Version,
  image: NamedImage,
  how: Exclude<HandOver, { readonly kind: "archive" }>,
  paths: { readonly pack: string; readonly archive: string },
  { signal, onLine, onWarning }: PrepareWatch,
): Promise<string | undefined> {
  const refuse = (why: string) => onWarning?.(`--hand-over ${how.kind} does not work, so the archive is used: ${why}`);
  if (!hasPacks(version)) {
    refuse(`packs of smolvm ${renderVersion(version)} lose the user of the image; update it to 1.14.6 or newer`);
    return undefined;
  }
  if (await isThere(paths.pack)) {
    await touchArtifact(paths.pack);
    return paths.pack;
  }
  try {
    await tellWhile(onLine, (tell) => packImage(setup, image, how, paths, { signal, tell }));
    return paths.pack;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof BottleError)) throw error;
    refuse(error.hint === undefined ? error.message : `${error.message} (${error.hint})`);
    return undefined;
  }
}
