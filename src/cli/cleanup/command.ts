import { buildCommand, type Command } from "@stricli/core";
import { parseDuration } from "../../manifest/duration.ts";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle cleanup` as typed. */
export type CleanupFlags = {
  readonly all?: boolean;
  readonly results?: boolean;
  /** `ms` */
  readonly olderThan?: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

/** `bottle cleanup`. */
export const cleanupCommand: Command<CliContext> = buildCommand<CleanupFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runCleanup),
  docs: {
    brief: "Remove what bottles that are gone left behind",
    fullDescription: [
      "Removes what killed bottles left: guests, locks, half-made folders. One plan is shown and one",
      "question asked. Results that somebody may want stay until --results or --all names them.",
      "A bottle that runs is never touched.",
    ].join("\n"),
  },
  parameters: {
    flags: {
      results: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Also folders of ended bottles whose workspace was not changed",
      },
      all: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Also changed workspaces, which nobody can make again",
      },
      olderThan: {
        kind: "parsed",
        parse: parseAge,
        optional: true,
        brief: "Only bottles that ended so long ago, such as 7d",
        placeholder: "age",
      },
      yes: { kind: "boolean", optional: true, withNegated: false, brief: "Remove without asking" },
      dryRun: { kind: "boolean", optional: true, withNegated: false, brief: "Show the plan and remove nothing" },
      json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" },
    },
    aliases: { y: "yes" },
  },
});

function parseAge(input: string): number {
  const ms = parseDuration(input);
  if (ms === undefined) throw new SyntaxError(`"${input}" is not an age; write 30m, 12h or 7d`);
  return ms;
}
