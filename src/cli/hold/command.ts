import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle hold list` and `approve` as typed. */
export type HoldFlags = { readonly bottle?: string; readonly json?: boolean };

/** Flags of `bottle hold reject` as typed. */
export type RejectFlags = HoldFlags & { readonly reason?: string };

const text = (input: string): string => input;

const flags = {
  bottle: {
    kind: "parsed",
    parse: text,
    optional: true,
    brief: "Only this bottle: slug or label",
    placeholder: "name",
  },
  json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" },
} as const;

/** What waits now, for completion; a bottle that does not answer has nothing to offer. */
async function proposeIds(this: CliContext, partial: string): Promise<readonly string[]> {
  const { proposeHolds } = await import("./propose.ts");
  return proposeHolds(this.context, partial);
}

const ids = {
  kind: "array",
  minimum: 1,
  parameter: { brief: "Name in `bottle hold list`", parse: text, placeholder: "id", proposeCompletions: proposeIds },
} as const;

const listCommand = buildCommand<HoldFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runHoldList),
  docs: { brief: "List what waits, in all running bottles" },
  parameters: { flags },
});

const approveCommand = buildCommand<HoldFlags, string[], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runHoldApprove),
  docs: { brief: "Let it pass, and these values on the same route as long as the bottle runs" },
  parameters: { positional: ids, flags },
});

const rejectCommand = buildCommand<RejectFlags, string[], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runHoldReject),
  docs: { brief: "Refuse it; the reason is shown to the agent" },
  parameters: {
    positional: ids,
    flags: {
      ...flags,
      reason: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "What the agent should do instead",
        placeholder: "text",
      },
    },
  },
});

/** `bottle hold list|approve|reject`. */
export const holdCommands: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  docs: { brief: "Look at requests that wait for you, approve or reject them" },
  routes: { list: listCommand, approve: approveCommand, reject: rejectCommand },
});
