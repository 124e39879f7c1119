import { EXIT_CODES } from "../../base/exit-codes.ts";
import { renderJson } from "../../base/render-json.ts";
import { makeStyle, type Style } from "../../base/style.ts";
import type { ListedBottle } from "../../bottles/list-bottles.ts";
import { type FollowedItem, followJournal } from "../../journal/follow-journal.ts";
import { parseEntry } from "../../journal/parse-entry.ts";
import { readJournal } from "../../journal/read-journal.ts";
import { renderItem } from "../../journal/render-entry.ts";
import { verifyChain } from "../../journal/verify-chain.ts";
import { findBottle } from "../../lifecycle/find-bottle.ts";
import type { CommandContext } from "../context.ts";
import type { LogsFlags } from "./command.ts";

/** Prints a bottle's journal, follows it, or checks its chain. */
export async function runLogs(context: CommandContext, flags: LogsFlags, name?: string): Promise<number> {
  const bottle = await findBottle(context.paths.state, name);
  const style = makeStyle(context.stdout, context.env);
  const lines = (await readJournal(bottle.folders.journal)) ?? [];
  if (flags.verify) return reportChain(context, bottle, lines, style);
  const print = (item: FollowedItem) => {
    context.stdout.write(
      flags.json && item.kind === "entry" ? `${renderJson(item.entry)}\n` : `${renderItem(item, style)}\n`,
    );
  };
  if (flags.follow) {
    for await (const item of followJournal(bottle.folders.journal, { signal: context.signal })) print(item);
  } else {
    for (const line of lines) print(parseEntry(line));
  }
  return EXIT_CODES.ok.code;
}

function reportChain(
  context: CommandContext,
  { slug, record }: ListedBottle,
  lines: readonly string[],
  style: Style,
): number {
  const verdict = verifyChain(lines, { slug, end: record?.journal });
  switch (verdict.kind) {
    case "intact":
      context.stdout.write(`${style("good", "intact")}: ${verdict.end.length} entries, each bound to the one before\n`);
      return EXIT_CODES.ok.code;
    case "torn":
      context.stdout.write(
        `${style("careful", "torn")}: line ${verdict.line} was cut short; the ${verdict.end.length} before it are intact\n`,
      );
      return EXIT_CODES.ok.code;
    case "broken":
      context.stdout.write(`${style("bad", "broken")}: ${verdict.detail}\n`);
      return EXIT_CODES.failed.code;
  }
}
