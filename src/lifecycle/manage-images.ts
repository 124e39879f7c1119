import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
import { packageRoot } from "../base/package-root.ts";
import { run } from "../base/process.ts";
import {
  type Artifact,
  type ArtifactRules,
  listArtifacts,
  removeArtifact,
  removePartials,
  selectPrunable,
} from "../images/artifacts.ts";
import { buildImage } from "../images/build-image.ts";
import { type Engine, openEngine } from "../images/engine.ts";
import { type ImageId, shortImageId } from "../images/image-id.ts";
import { listOwnImages, type OwnImage, removeImage } from "../images/own-images.ts";
import { OWN_IMAGES, ownImage } from "../plan/plan-image.ts";

/** The images that this program has built on the engine of this environment. */
export function listImages(context: Context): Promise<readonly OwnImage[]> {
  return listOwnImages(engineOf(context));
}

/** An image as it was built. */
export type BuiltImage = { readonly name: string; readonly tag: string; readonly id: ImageId };

/** Builds the images of these agents, or of all. Throws `input/usage` for one that has none. */
export async function buildImages(
  context: Context,
  names: readonly string[],
  onLine: (line: string) => void,
): Promise<readonly BuiltImage[]> {
  const unknown = names.find((name) => !OWN_IMAGES.includes(name));
  if (unknown !== undefined) {
    throw new BottleError("input/usage", `there is no image ${JSON.stringify(unknown)}`, {
      hint: `the images are ${OWN_IMAGES.join(", ")}; a bottle's own Dockerfile is built when it starts`,
    });
  }
  const built: BuiltImage[] = [];
  for (const name of names.length === 0 ? OWN_IMAGES : names) {
    const recipe = ownImage(join(packageRoot(), "images"), name);
    const watch = { signal: context.signal, onLine };
    built.push({ name, tag: recipe.tag, id: await buildImage(engineOf(context), { ...recipe, args: {} }, watch) });
  }
  return built;
}

/** Images that newer builds have replaced; with `all` every image of ours that no bottle runs in. */
export async function findPrunable(context: Context, all: boolean): Promise<readonly OwnImage[]> {
  return (await listImages(context)).filter(({ tags }) => all || tags.length === 0);
}

/** Removes images one by one and gives back those that could not be, with the reason; what runs keeps its image. */
export async function pruneImages(
  context: Context,
  images: readonly OwnImage[],
): Promise<readonly { readonly image: OwnImage; readonly why: string }[]> {
  const kept: { readonly image: OwnImage; readonly why: string }[] = [];
  for (const image of images) {
    context.signal.throwIfAborted();
    try {
      await removeImage(engineOf(context), image.id);
    } catch (error) {
      if (!(error instanceof BottleError)) throw error;
      kept.push({ image, why: error.message });
    }
  }
  return kept;
}

/** What was made of images for machines, the last used first. */
export function listMachineImages(context: Context): Promise<readonly Artifact[]> {
  return listArtifacts(context.paths.cache);
}

/** How much of what was made for machines is to stay. */
export type ArtifactWishes = Pick<ArtifactRules, "all" | "olderThanMs" | "keepBytes">;

/** Those whose image a newer build has replaced, that are old, or too many; all with `all`. */
export async function findPrunableArtifacts(context: Context, wishes: ArtifactWishes): Promise<readonly Artifact[]> {
  const artifacts = await listArtifacts(context.paths.cache);
  if (artifacts.length === 0) return [];
  const images = new Set(
    (await listImages(context)).filter(({ tags }) => tags.length > 0).map(({ id }) => shortImageId(id)),
  );
  return selectPrunable(artifacts, { ...wishes, images }, context.clock.now());
}

/** Removes what was made for machines, and what was never completed; it can be made again. */
export async function pruneArtifacts(context: Context, artifacts: readonly Artifact[]): Promise<void> {
  for (const artifact of artifacts) await removeArtifact(artifact);
  await removePartials(context.paths.cache, context.clock.now());
}

function engineOf(context: Context): Engine {
  return openEngine(context.env, run);
}
