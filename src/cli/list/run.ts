import { makeStyle } from "../../base/style.ts";
import { listBottles } from "../../bottles/list-bottles.ts";
import { renderList, renderListJson } from "../../bottles/render-list.ts";
import type { CommandContext } from "../context.ts";
import type { ListFlags } from "./command.ts";

/** Prints the bottles of this machine, oldest first. */
export async function runList(context: CommandContext, flags: ListFlags): Promise<number> {
  const bottles = await listBottles(context.paths.state);
  if (flags.json) {
    context.stdout.write(renderListJson(bottles));
    return 0;
  }
  const style = makeStyle(context.stdout, context.env);
  context.stdout.write(renderList(bottles, { now: context.clock.now(), style, columns: context.stdout.columns }));
  return 0;
}
