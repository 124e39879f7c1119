import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateFolder } from "../../base/files.ts";
import { withLockWaited } from "../../base/lock-waited.ts";
import { slugify } from "../../base/slugify.ts";
import { artifactFolder, artifactName, isThere, touchArtifact } from "../../images/artifacts.ts";
import { buildImage, type ImageRecipe } from "../../images/build-image.ts";
import { readImageFacts } from "../../images/image-facts.ts";
import type { ImageId } from "../../images/image-id.ts";
import { requireRoomFor, saveImage } from "../../images/save-image.ts";
import type { PrepareWatch } from "../backend.ts";
import type { SmolmachinesSetup } from "./setup.ts";

const TOLD_EVERY_MS = 5000;

/**
 * Builds an image and makes sure that there is an artifact of it to make machines from; its path. Nothing is saved when the
 * same content was saved before. Of starts that want the same image at once one works and the others wait: two builds at
 * once give two images, of which one loses its name.
 */
export async function prepareArtifact(
  setup: SmolmachinesSetup,
  recipe: ImageRecipe,
  watch: PrepareWatch,
): Promise<string> {
  const { engine, cacheFolder, nodePath, pid } = setup;
  const folder = artifactFolder(cacheFolder);
  await makePrivateFolder(folder);
  const lock = { path: join(folder, `${slugify(recipe.tag)}.lock`), pid, note: "making an image" };
  return withLockWaited(lock, watch.signal, async () => {
    const id = await buildImage(engine, recipe, watch);
    // our own Node cannot be lent to a machine: it may be one for another system
    await readImageFacts(engine, id, { cacheFolder, nodePath, nodeTarget: "", mayMount: false });
    const path = join(folder, artifactName(id, setup.arch, "archive"));
    if (await isThere(path)) await touchArtifact(path);
    else await saveArchive(setup, { name: recipe.tag, id }, path, watch);
    return path;
  });
}

async function saveArchive(
  { engine, cacheFolder }: SmolmachinesSetup,
  image: { readonly name: string; readonly id: ImageId },
  path: string,
  { signal, onLine }: PrepareWatch,
): Promise<void> {
  const partial = `${path}.partial`;
  await rm(partial, { force: true }); // of one that was killed
  await requireRoomFor(engine, image.id, artifactFolder(cacheFolder));
  const began = Date.now();
  const tell = () => onLine?.(`saving ${image.name} for machines … ${Math.round((Date.now() - began) / 1000)} s`);
  tell();
  const timer = setInterval(tell, TOLD_EVERY_MS);
  try {
    await saveImage(engine, image, partial, signal);
    await rename(partial, path);
  } finally {
    clearInterval(timer);
    await rm(partial, { force: true });
  }
}
