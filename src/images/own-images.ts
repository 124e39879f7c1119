import { IMAGE_LABEL } from "./build-image.ts";
import { type Engine, type EngineRun, engineFailure, mustRun, succeeded } from "./engine.ts";
import { type ImageId, parseImageId } from "./image-id.ts";

/** An image that this program has built. */
export type OwnImage = {
  readonly id: ImageId;
  /** Its names; none when a newer build took the name */
  readonly tags: readonly string[];
  readonly created: string;
  readonly bytes: number;
};

/** Gives an image one more name. */
export async function tagImage(engine: Engine, id: ImageId, name: string): Promise<void> {
  await mustRun(engine, `the image cannot be called ${name}`, ["image", "tag", id, name]);
}

/** Removes an image whatever uses its name; one that is not there is no error. */
export async function removeImage(engine: Engine, name: string, options?: EngineRun): Promise<void> {
  const { exit, stderr } = await engine.run(["image", "rm", "--force", name], options);
  if (succeeded(exit) || /no such image|image not known/i.test(stderr)) return;
  throw engineFailure(engine, `the image ${name} cannot be removed`, stderr);
}

/** All images of ours, newest first. */
export async function listOwnImages(engine: Engine): Promise<readonly OwnImage[]> {
  const ids = await mustRun(engine, "images cannot be listed", [
    ...["image", "ls", "--quiet", "--no-trunc", "--filter", `label=${IMAGE_LABEL}`],
  ]);
  const unique = [...new Set(ids.split("\n").filter((id) => id !== ""))];
  if (unique.length === 0) return [];
  const text = await mustRun(engine, "images cannot be looked at", ["image", "inspect", ...unique]);
  return [...parseOwnImages(text)].sort((a, b) => b.created.localeCompare(a.created));
}

/** What an engine says about images, as values; what does not look like an image is left out. */
export function parseOwnImages(text: string): readonly OwnImage[] {
  const values: unknown = JSON.parse(text);
  return (Array.isArray(values) ? values : []).flatMap((value: Record<string, unknown>) => {
    const id = parseImageId(String(value["Id"]));
    const tags = Array.isArray(value["RepoTags"]) ? value["RepoTags"].map(String) : [];
    return id === undefined ? [] : [{ id, tags, created: String(value["Created"]), bytes: Number(value["Size"]) || 0 }];
  });
}
