import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle cleanup` as typed. */
export type CleanupFlags = {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

/** `bottle cleanup`. */
export const cleanupCommand: Command<CliContext> = buildCommand<CleanupFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runCleanup),
  docs: { brief: "Remove what bottles that are gone left behind" },
  parameters: {
    flags: {
      all: { kind: "boolean", optional: true, withNegated: false, brief: "Also the kept results of ended bottles" },
      yes: { kind: "boolean", optional: true, withNegated: false, brief: "Remove without asking" },
      dryRun: { kind: "boolean", optional: true, withNegated: false, brief: "Show the plan and remove nothing" },
      json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" },
    },
    aliases: { y: "yes" },
  },
});
