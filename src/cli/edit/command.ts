import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle edit` as typed. */
export type EditFlags = { readonly agent?: boolean };

/** `bottle edit NAME`. */
export const editCommand: Command<CliContext> = buildCommand<EditFlags, [name: string], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runEdit),
  docs: { brief: "Open a bottle or agent of the home folder in your editor and check it afterwards" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "Bottle or agent; `config` for the machine-wide file",
          parse: (input: string) => input,
          placeholder: "name",
        },
      ],
    },
    flags: {
      agent: { kind: "boolean", optional: true, withNegated: false, brief: "The agent of that name, not the bottle" },
    },
  },
});
