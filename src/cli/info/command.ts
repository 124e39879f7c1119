import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle info` as typed. */
export type InfoFlags = { readonly json?: boolean };

/** `bottle info [NAME]`. */
export const infoCommand: Command<CliContext> = buildCommand<InfoFlags, [name?: string], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runInfo),
  docs: { brief: "Show the bottles and agents that are defined, or one of them resolved" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Bottle or agent", parse: (input: string) => input, placeholder: "name", optional: true }],
    },
    flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } },
  },
});
