import { buildCommand, type Command } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle explain` as typed. */
export type ExplainFlags = {
  readonly bottle?: readonly string[];
  readonly header?: readonly string[];
  readonly json?: boolean;
};

const text = (input: string): string => input;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** `bottle explain METHOD URL`. */
export const explainCommand: Command<CliContext> = buildCommand<
  ExplainFlags,
  [method: string, url: string],
  CliContext
>({
  loader: lazily(async () => (await import("./run.ts")).runExplain),
  docs: { brief: "Say what would become of a request, and which line of a manifest decides" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "GET, POST …",
          parse: text,
          placeholder: "method",
          proposeCompletions: (partial) => METHODS.filter((method) => method.startsWith(partial.toUpperCase())),
        },
        { brief: "http:// or https:// URL", parse: text, placeholder: "url" },
      ],
    },
    flags: {
      bottle: {
        kind: "parsed",
        parse: text,
        variadic: true,
        optional: true,
        brief: "Bottle that would send it; several merge left to right",
        placeholder: "name",
      },
      header: {
        kind: "parsed",
        parse: text,
        variadic: true,
        optional: true,
        brief: "Header that the request has, as `Name: value`",
        placeholder: "header",
      },
      json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" },
    },
    aliases: { b: "bottle" },
  },
});
