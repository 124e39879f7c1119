import { BottleError } from "../base/errors.ts";
import { type ListedBottle, listBottles } from "../bottles/list-bottles.ts";

/** The bottle that a person means: by slug, by label, by the start of a slug, or the newest when nothing is named. */
export async function findBottle(state: string, name: string | undefined): Promise<ListedBottle> {
  const bottles = await listBottles(state);
  const known = bottles.filter(({ record }) => record !== undefined);
  const found = name === undefined ? known.at(-1) : match(bottles, name);
  if (found !== undefined) return found;
  const some = bottles.slice(-5).map(({ slug }) => slug);
  throw new BottleError(
    "bottle/not-found",
    name === undefined ? "there is no bottle" : `there is no bottle ${JSON.stringify(name)}`,
    {
      hint:
        some.length === 0
          ? "a bottle that ended without changes leaves nothing; --keep keeps it"
          : `there is: ${some.join(", ")}`,
    },
  );
}

function match(bottles: readonly ListedBottle[], name: string): ListedBottle | undefined {
  const exact = bottles.find(({ slug }) => slug === name);
  if (exact !== undefined) return exact;
  const labelled = bottles.filter(({ record }) => record?.label === name);
  // A label is free again when its bottle has ended: the newest one is meant, a running one before all.
  const live = labelled.find(({ status }) => status === "running" || status === "starting");
  if (live !== undefined || labelled.length > 0) return live ?? labelled.at(-1);
  const starting = bottles.filter(({ slug }) => slug.startsWith(name));
  return starting.length === 1 ? starting[0] : undefined;
}
