import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle init` as typed. */
export type InitFlags = { readonly yes?: boolean };

/** `bottle init`. */
export const initCommand: Command<CliContext> = buildCommand<InitFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runInit),
  docs: { brief: "Make a first bottle and agent that work as they are" },
  parameters: {
    flags: { yes: { kind: "boolean", optional: true, withNegated: false, brief: "Take the suggested answers" } },
    aliases: { y: "yes" },
  },
});
