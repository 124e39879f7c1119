import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { renderJson } from "../../base/render-json.ts";
import { makeStyle } from "../../base/style.ts";
import { parseEntry } from "../../journal/parse-entry.ts";
import { readJournal } from "../../journal/read-journal.ts";
import { renderEntry } from "../../journal/render-entry.ts";
import { findBottle } from "../../lifecycle/find-bottle.ts";
import type { CommandContext } from "../context.ts";
import type { GateLogFlags } from "./command.ts";

/** Prints what passed the git gate of a bottle and what did not; below a refused push, what its agent was told. */
export async function runGateLog(context: CommandContext, flags: GateLogFlags, name?: string): Promise<number> {
  const bottle = await findBottle(context.paths.state, name);
  const style = makeStyle(context.stdout, context.env);
  for (const line of (await readJournal(bottle.folders.journal)) ?? []) {
    const item = parseEntry(line);
    if (item.kind !== "entry") continue;
    const { event } = item.entry;
    if (event.kind !== "git-push" && event.kind !== "git-fetch") continue;
    if (flags.json) {
      context.stdout.write(`${renderJson(item.entry)}\n`);
      continue;
    }
    context.stdout.write(`${renderEntry(item.entry, style)}\n`);
    if (event.kind !== "git-push") continue;
    for (const said of event.said) context.stdout.write(`${style("faint", `    ${showHarmlessly(said)}`)}\n`);
  }
  return EXIT_CODES.ok.code;
}
