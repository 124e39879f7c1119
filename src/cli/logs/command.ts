import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle logs` as typed. */
export type LogsFlags = { readonly follow?: boolean; readonly json?: boolean; readonly verify?: boolean };

/** `bottle logs SLUG`. */
export const logsCommand: Command<CliContext> = buildCommand<LogsFlags, [slug?: string], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runLogs),
  docs: { brief: "Show a bottle's journal" },
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
    flags: {
      follow: { kind: "boolean", optional: true, withNegated: false, brief: "Go on as the journal grows" },
      json: { kind: "boolean", optional: true, withNegated: false, brief: "Print the journal's own lines" },
      verify: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Check the hash chain; exit 1 where it is broken",
      },
    },
    aliases: { f: "follow" },
  },
});
