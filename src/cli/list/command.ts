import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle list` as typed. */
export type ListFlags = { readonly json?: boolean };

/** `bottle list`. */
export const listCommand: Command<CliContext> = buildCommand<ListFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runList),
  docs: { brief: "Show the bottles of this machine and what ended ones left" },
  parameters: { flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } } },
});
