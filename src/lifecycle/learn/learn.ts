import type { Context } from "../../base/context.ts";
import { BottleError } from "../../base/errors.ts";
import type { JournalEntry } from "../../journal/event.ts";
import { parseEntry } from "../../journal/parse-entry.ts";
import { readJournal } from "../../journal/read-journal.ts";
import { findBottle } from "../find-bottle.ts";
import { type NotProposed, readAskedFor } from "./asked-for.ts";
import { type ProposedRoute, proposeRoutes } from "./propose-routes.ts";
import { renderBlock } from "./render-block.ts";

/** Routes that a bottle asked for, as values and as a block for its manifest. */
export type Learned = {
  readonly bottle: string;
  readonly routes: readonly ProposedRoute[];
  readonly notProposed: readonly NotProposed[];
  readonly block: string;
};

/** Reads a bottle's journal, running or ended, for what it asked for. Throws `bottle/not-found`. */
export async function learn(context: Context, name: string | undefined): Promise<Learned> {
  const { slug, folders } = await findBottle(context.paths.state, name);
  const lines = await readJournal(folders.journal);
  if (lines === undefined) {
    throw new BottleError("bottle/state-damaged", `${slug} has no journal`, { hint: "start it with --observe" });
  }
  const entries = lines
    .map(parseEntry)
    .flatMap((item): readonly JournalEntry[] => (item.kind === "entry" ? [item.entry] : []));
  const { asked, notProposed } = readAskedFor(entries);
  const routes = proposeRoutes(asked);
  return { bottle: slug, routes, notProposed, block: renderBlock(routes, notProposed) };
}
