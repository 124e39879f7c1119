import { renderColumns } from "../../base/columns.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { makeStyle, type Style } from "../../base/style.ts";
import { renderItem } from "../../journal/render-entry.ts";
import { type DemoReport, type DemoResult, runDemo } from "../../lifecycle/demo/run-demo.ts";
import type { CommandContext } from "../context.ts";
import type { DemoFlags } from "./command.ts";

/** Runs the demo and prints what the agent tried, what it got, and what the journal says; exit 1 if anything got out. */
export async function runDemoCommand(context: CommandContext, flags: DemoFlags): Promise<number> {
  const report = await runDemo(context);
  const { stdout } = context;
  stdout.write(
    flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : render(report, makeStyle(stdout, context.env)),
  );
  return report.results.every(({ held }) => held) ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}

const WIDTH = 100;

function render({ plan, results, journal, ms }: DemoReport, style: Style): string {
  const failed = results.filter(({ held }) => !held).length;
  const verdict =
    failed === 0
      ? style("good", `All ${results.length} as promised: it did its work, and nothing got out.`)
      : style("bad", `${failed} of ${results.length} not as promised. Please report this with the table above.`);
  return [
    `A scripted agent, as hostile as they come, in a real bottle around a small repository.`,
    style("faint", `${plan.backend.name}: ${plan.backend.strength}`),
    "",
    ...renderColumns(
      [[{ text: "" }, { text: "IT TRIED TO", tone: "faint" }, { text: "AND GOT", tone: "faint" }], ...results.map(row)],
      style,
      WIDTH,
    ),
    "",
    style("faint", "The journal of this bottle:"),
    ...journal.map((item) => `  ${renderItem(item, style)}`),
    "",
    `${verdict} ${style("faint", `${(ms / 1000).toFixed(1)} s, start to end.`)}`,
    "",
  ].join("\n");
}

function row({ attempt, worked, got, held }: DemoResult) {
  const mark = { text: held ? "✓" : "✗", tone: held ? "good" : "bad" } as const;
  const outcome = worked === true ? got : `nothing: ${got}`;
  return [mark, { text: attempt.what }, { text: showHarmlessly(outcome), tone: held ? "plain" : "bad" } as const];
}
