import { BottleError } from "../base/errors.ts";

/** Where the results of a bottle still are, and what brings them out by hand. */
export type ResultsPlace = { readonly what: string; readonly command: string };

/**
 * Ends a guest, or fetches its results. When that fails for whatever reason the guest is all that has them: `keep` must see to
 * it that nothing removes it. Throws `bottle/results-kept`, which says where they are.
 */
export async function keepUnless(work: () => Promise<void>, keep: () => void, place: ResultsPlace): Promise<void> {
  try {
    await work();
  } catch (error) {
    keep();
    const why = error instanceof Error ? error.message : String(error);
    throw new BottleError("bottle/results-kept", `${why}; ${place.what} is kept, with what the agent made`, {
      hint: `\`bottle cleanup\` fetches it and removes ${place.what} only then; by hand: ${place.command}`,
      cause: error,
    });
  }
}
