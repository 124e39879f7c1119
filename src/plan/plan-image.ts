import { dirname, join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { slugify } from "../base/slugify.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { HostFacts } from "./host-facts.ts";
import type { PlannedImage } from "./plan.ts";

/** Templates that have an image of ours. */
export const OWN_IMAGES: readonly string[] = ["shell", "claude", "codex"];

/**
 * Decides which image a container is made from: the bottle's own Dockerfile, else the one of its agent program. One that is
 * written relative belongs to the repository, whose files it may copy; one of the operator's has its own folder.
 */
export function planImage(
  { bottle, facts }: { readonly bottle: Bottle; readonly facts: HostFacts },
  refuse: (error: BottleError) => undefined,
): PlannedImage | undefined {
  const { dockerfile, template } = bottle.provider;
  if (facts.backend.name === "local") {
    if (dockerfile === undefined) return undefined;
    const text = `${bottle.names.join(" + ")} brings a Dockerfile, and the backend ${facts.backend.name} uses no image`;
    return refuse(new BottleError("input/usage", text, { hint: "add --backend docker, or remove `dockerfile`" }));
  }
  if (dockerfile === undefined) {
    if (OWN_IMAGES.includes(template)) return ownImage(facts.imagesFolder, template);
    const text = `there is no image for ${template}`;
    return refuse(new BottleError("input/usage", text, { hint: "name a Dockerfile: agent_provider.dockerfile" }));
  }
  const tag = `bot-bottle/bottle-${slugify(bottle.names.join("-"))}`;
  if (dockerfile.startsWith("/")) return { dockerfile, context: dirname(dockerfile), tag };
  if (facts.repository === undefined) {
    const text = `${dockerfile} is relative to a repository, and this folder is in none`;
    return refuse(new BottleError("input/usage", text, { hint: "start it in the repository, or write a whole path" }));
  }
  return { dockerfile: join(facts.repository, dockerfile), context: facts.repository, tag };
}

/** The image that comes with this program for a template. */
export function ownImage(imagesFolder: string, template: string): PlannedImage {
  const context = join(imagesFolder, template);
  return { dockerfile: join(context, "Dockerfile"), context, tag: `bot-bottle/${template}` };
}
