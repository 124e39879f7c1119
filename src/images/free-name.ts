import { BottleError } from "../base/errors.ts";

const MOST_CANDIDATES = 100;

/** The names that are tried in turn: `base`, `base-2` … `base-100`. */
export function nameCandidates(base: string): readonly string[] {
  return Array.from({ length: MOST_CANDIDATES }, (_, index) => (index === 0 ? base : `${base}-${index + 1}`));
}

/**
 * Takes the first candidate that `take` does not say is taken; asking first and taking then would let two starts take the
 * same one. Throws `bottle/name-taken` when all of them are.
 */
export async function takeFreeName<T>(
  base: string,
  take: (name: string) => Promise<T | "taken">,
): Promise<{ readonly name: string; readonly taken: T }> {
  for (const name of nameCandidates(base)) {
    const taken = await take(name);
    if (taken !== "taken") return { name, taken };
  }
  throw new BottleError("bottle/name-taken", `all names from ${base} to ${base}-${MOST_CANDIDATES} are taken`, {
    hint: "`bottle cleanup` removes what is left of bottles that are gone",
  });
}
