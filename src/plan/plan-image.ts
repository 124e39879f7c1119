import { dirname, join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { slugify } from "../base/slugify.ts";
import type { Bottle, HomeConfig } from "../manifest/bottle.ts";
import { type HandOver, makeHandOver } from "./hand-over.ts";
import type { HostFacts } from "./host-facts.ts";
import type { PlannedImage } from "./plan.ts";
import type { StartRequest } from "./request.ts";

type Input = {
  readonly bottle: Bottle;
  readonly facts: HostFacts;
  readonly request: Pick<StartRequest, "handOver">;
  readonly config: Pick<HomeConfig, "registryImage">;
};

type Refuse = (error: BottleError) => undefined;

/** Templates that have an image of ours. */
export const OWN_IMAGES: readonly string[] = ["shell", "claude", "codex"];

/**
 * Decides which image a container is made from: the bottle's own Dockerfile, else the one of its agent program. One that is
 * written relative belongs to the repository, whose files it may copy; one of the operator's has its own folder.
 */
export function planImage(input: Input, refuse: Refuse): PlannedImage | undefined {
  const handOver = planHandOver(input, refuse);
  const recipe = planRecipe(input, refuse);
  return recipe && handOver ? { ...recipe, handOver } : recipe;
}

function planRecipe({ bottle, facts }: Input, refuse: Refuse): PlannedImage | undefined {
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

/** How machines get the image; nobody else has to be handed anything. */
function planHandOver({ request, config, facts }: Input, refuse: Refuse): HandOver | undefined {
  if (facts.backend.name === "smolmachines") return makeHandOver(request.handOver ?? "archive", config.registryImage);
  if (request.handOver === undefined) return undefined;
  const text = `--hand-over is for machines, and the backend is ${facts.backend.name}`;
  return refuse(new BottleError("input/usage", text, { hint: "add --backend smolmachines, or leave it out" }));
}

/** The image that comes with this program for a template. */
export function ownImage(imagesFolder: string, template: string): PlannedImage {
  const context = join(imagesFolder, template);
  return { dockerfile: join(context, "Dockerfile"), context, tag: `bot-bottle/${template}` };
}
