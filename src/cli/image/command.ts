import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import { parseDuration } from "../../manifest/duration.ts";
import { parseSize } from "../../manifest/size.ts";
import { HAND_OVERS, type HandOverName } from "../../plan/hand-over.ts";
import { type CliContext, lazily } from "../context.ts";

/** Flags of `bottle image list` as typed. */
export type ImageFlags = { readonly json?: boolean };

/** Flags of `bottle image build` as typed. */
export type BuildFlags = ImageFlags & { readonly handOver?: HandOverName };

/** Flags of `bottle image prune` as typed. */
export type PruneFlags = {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly olderThan?: number;
  readonly keep?: number;
};

function parseSpan(input: string): number {
  const ms = parseDuration(input);
  if (ms === undefined) throw new SyntaxError(`${input} is no span of time: 90m, 12h or 14d`);
  return ms;
}

function parseBytes(input: string): number {
  const bytes = parseSize(input);
  if (bytes === undefined) throw new SyntaxError(`${input} is no size: 500m or 5g`);
  return bytes;
}

const json = { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON" } as const;

const listCommand = buildCommand<ImageFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runImageList),
  docs: { brief: "List the images that were built for bottles" },
  parameters: { flags: { json } },
});

const buildImageCommand = buildCommand<BuildFlags, string[], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runImageBuild),
  docs: { brief: "Build the images of the agents, so that the first start needs not" },
  parameters: {
    positional: {
      kind: "array",
      parameter: {
        brief: "shell, claude or codex; all unless told",
        parse: (input: string) => input,
        placeholder: "name",
      },
    },
    flags: {
      handOver: {
        kind: "enum",
        values: HAND_OVERS,
        optional: true,
        brief: "Also hand them over to machines",
      },
      json,
    },
  },
});

const pruneCommand = buildCommand<PruneFlags, [], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runImagePrune),
  docs: { brief: "Remove images that newer builds have replaced, and what was made of them for machines" },
  parameters: {
    flags: {
      all: { kind: "boolean", optional: true, withNegated: false, brief: "Also those that the next start would use" },
      olderThan: {
        kind: "parsed",
        parse: parseSpan,
        optional: true,
        brief: "Also what machines have not used for so long",
        placeholder: "span",
      },
      keep: {
        kind: "parsed",
        parse: parseBytes,
        optional: true,
        brief: "For machines, keep no more than this",
        placeholder: "size",
      },
      dryRun: { kind: "boolean", optional: true, withNegated: false, brief: "Only show what would be removed" },
      json,
    },
  },
});

/** `bottle image list|build|prune`. */
export const imageCommands: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  docs: { brief: "Look at, build and remove the images of containers and machines" },
  routes: { list: listCommand, build: buildImageCommand, prune: pruneCommand },
});
