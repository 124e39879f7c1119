import type { ProbeCheck } from "../../backends/backend.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { showHarmlessly } from "../../base/plain-text.ts";
import { type DoctorReport, examine } from "../../lifecycle/doctor.ts";
import { makeBackends } from "../../lifecycle/make-backends.ts";
import type { CommandContext } from "../context.ts";
import type { DoctorFlags } from "./command.ts";

/** Prints every check with its reason and fix; exit 1 when no bottle can be started here. */
export async function runDoctor(context: CommandContext, flags: DoctorFlags): Promise<number> {
  const report = await examine(context, makeBackends(context, true));
  context.stdout.write(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report));
  return report.ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}

const MARKS: Readonly<Record<ProbeCheck["outcome"], string>> = {
  ok: "ok",
  warning: "warn",
  failed: "FAIL",
  skipped: "–",
};

/** The report for a person: one block per part, one line per check, the fix below what needs one. */
export function renderReport(report: DoctorReport): string {
  const blocks = report.sections.map(({ name, usable, strength, checks }) => {
    const head = `${name}: ${usable ? "usable" : "not usable"}${strength === undefined ? "" : ` (${strength})`}`;
    const lines = checks.flatMap((check) => {
      const line = `  ${MARKS[check.outcome].padEnd(5)}${check.name.padEnd(18)} ${showHarmlessly(check.detail)}`;
      return check.fix === undefined ? [line] : [line, `       fix: ${check.fix.replaceAll("\n", "\n            ")}`];
    });
    return [head, ...lines].join("\n");
  });
  const verdict = report.ok ? "Bottles can be started here." : "No bottle can be started here; mend what says FAIL.";
  return `${blocks.join("\n\n")}\n\n${verdict}\n`;
}
