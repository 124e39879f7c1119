import { createHash } from "node:crypto";
import { join } from "node:path";
import { makePrivateFolder, readTextIfThere, writeAtomically } from "../../base/files.ts";
import { parseJsonObject } from "../../base/parse-json.ts";
import type { ImageRecipe } from "../../images/build-image.ts";
import { type ImageId, parseImageId } from "../../images/image-id.ts";

/** What a recipe gave when it was last built; a container may be begun from it while the builder looks for changes. */
export async function recallImage(cacheFolder: string, recipe: ImageRecipe): Promise<ImageId | undefined> {
  const text = await readTextIfThere(memoryOf(cacheFolder, recipe)).catch(() => undefined);
  return parseImageId(String(parseJsonObject(text ?? "")?.["image"]));
}

/** Keeps what a recipe gave; that it cannot be kept costs time only. */
export async function rememberImage(cacheFolder: string, recipe: ImageRecipe, image: ImageId): Promise<void> {
  if ((await recallImage(cacheFolder, recipe)) === image) return;
  try {
    await makePrivateFolder(cacheFolder);
    await writeAtomically(memoryOf(cacheFolder, recipe), `${JSON.stringify({ image })}\n`);
  } catch {}
}

function memoryOf(cacheFolder: string, recipe: ImageRecipe): string {
  const key = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
  return join(cacheFolder, `docker-built-${key}.json`);
}
