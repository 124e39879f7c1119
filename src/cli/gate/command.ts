import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle gate log` as typed. */
export type GateLogFlags = { readonly json?: boolean };

const logCommand = buildCommand<GateLogFlags, [name?: string], CliContext>({
  loader: lazily(async () => (await import("./run-log.ts")).runGateLog),
  docs: { brief: "What a bottle pushed and fetched through the git gate, and what was refused and why" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Bottle, by slug or label", parse: (input: string) => input, placeholder: "bottle", optional: true },
      ],
    },
    flags: { json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON, one entry per line" } },
  },
});

/** `bottle gate log`. */
export const gateCommands: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  docs: { brief: "Look at the git gate of a bottle" },
  routes: { log: logCommand },
});
