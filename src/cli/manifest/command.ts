import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle manifest check` as typed. */
export type CheckFlags = { readonly json?: boolean };

/** Flags of `bottle manifest schema` as typed. */
export type SchemaFlags = Record<never, never>;

/** Names of the files that have a schema. */
export const SCHEMA_KINDS = ["bottle", "agent", "provider", "config"] as const;

/** Name of a file that has a schema. */
export type SchemaKind = (typeof SCHEMA_KINDS)[number];

const checkCommand = buildCommand<CheckFlags, string[], CliContext>({
  loader: lazily(async () => (await import("./run-check.ts")).runCheck),
  docs: { brief: "Check every manifest, or the named files, and print all problems at once" },
  parameters: {
    positional: {
      kind: "array",
      parameter: { brief: "Bottle, agent or provider", parse: (input: string) => input, placeholder: "name" },
    },
    flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } },
  },
});

const schemaCommand = buildCommand<SchemaFlags, [kind: SchemaKind], CliContext>({
  loader: lazily(async () => (await import("./run-schema.ts")).runSchema),
  docs: { brief: "Print the JSON Schema that editors use" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "bottle, agent, provider or config", parse: parseKind, placeholder: "kind", default: "bottle" },
      ],
    },
    flags: {},
  },
});

/** `bottle manifest check|schema`. */
export const manifestCommands: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  docs: { brief: "Check manifests, print their schema" },
  routes: { check: checkCommand, schema: schemaCommand },
});

function parseKind(input: string): SchemaKind {
  const kind = SCHEMA_KINDS.find((known) => known === input);
  if (kind === undefined) throw new SyntaxError(`"${input}" is not one of ${SCHEMA_KINDS.join(", ")}`);
  return kind;
}
