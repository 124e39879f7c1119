import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle learn` as typed. */
export type LearnFlags = { readonly json?: boolean };

/** `bottle learn SLUG`. */
export const learnCommand: Command<CliContext> = buildCommand<LearnFlags, [slug?: string], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runLearn),
  docs: {
    brief: "Print the routes that would have allowed what a bottle asked for",
    fullDescription: [
      "Reads what was refused in a bottle (start it with --observe, so that nothing is left out) and prints the fewest",
      "routes that would have allowed it, as a block for its manifest. Nothing is changed.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "Slug or label; the newest bottle when left out",
          parse: (input: string) => input,
          placeholder: "bottle",
          optional: true,
        },
      ],
    },
    flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } },
  },
});
