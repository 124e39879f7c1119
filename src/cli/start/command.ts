import { buildCommand, type Command } from "@stricli/core";
import { BACKEND_NAMES, type BackendName } from "../../manifest/bottle.ts";
import { HAND_OVERS, type HandOverName } from "../../plan/hand-over.ts";
import { type CliContext, lazily } from "../context.ts";

const COLORS = ["red", "green", "yellow", "blue", "magenta", "cyan"] as const;

/** Flags of `bottle start` as typed. */
export type StartFlags = {
  readonly bottle?: readonly string[];
  readonly backend?: BackendName;
  readonly handOver?: HandOverName;
  readonly workspace?: "copy" | "mount" | "none";
  readonly prompt?: string;
  readonly headless?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly label?: string;
  readonly color?: (typeof COLORS)[number];
  readonly large?: boolean;
  readonly observe?: boolean;
  readonly keep?: boolean;
};

const text = (input: string): string => input;

/** `bottle start [AGENT] [--bottle NAME]… [-- CMD ARGS]`. */
export const startCommand: Command<CliContext> = buildCommand<StartFlags, [agent?: string], CliContext>({
  loader: lazily(async () => (await import("./run.ts")).runStartCommand),
  docs: {
    brief: "Start an agent or any command in a bottle of its own",
    customUsage: ["[AGENT] [--bottle NAME]... [FLAGS] [-- CMD ARGS...]"],
    fullDescription: [
      "Starts AGENT, or the command after --, in a bottle: a copy of the current folder,",
      "nothing else of this machine, and no network but what the manifest grants.",
      "",
      "  bottle start                         a shell in the bottle named `default`",
      "  bottle start --bottle NAME -- CMD    any command, its exit code passed through",
      "  bottle start AGENT                   an agent program, interactive",
      "  bottle start AGENT --headless --prompt TEXT   one task, then its exit code",
      "  bottle start --dry-run               show what would be done, create nothing",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Agent of the home folder or of this repository", parse: text, placeholder: "agent", optional: true },
      ],
    },
    flags: {
      bottle: {
        kind: "parsed",
        parse: text,
        variadic: true,
        optional: true,
        brief: "Bottle to use; several merge left to right",
        placeholder: "name",
      },
      backend: { kind: "enum", values: BACKEND_NAMES, optional: true, brief: "How to isolate" },
      handOver: {
        kind: "enum",
        values: HAND_OVERS,
        optional: true,
        brief: "How an image gets to machines",
      },
      workspace: {
        kind: "enum",
        values: ["copy", "mount", "none"],
        optional: true,
        brief: "How the folder gets in",
      },
      prompt: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Task for the agent; - reads it",
        placeholder: "text",
      },
      headless: { kind: "boolean", optional: true, withNegated: false, brief: "No terminal inside and no questions" },
      yes: { kind: "boolean", optional: true, withNegated: false, brief: "Start without asking" },
      dryRun: { kind: "boolean", optional: true, withNegated: false, brief: "Show the plan and create nothing" },
      json: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Print the plan or a summary as JSON",
      },
      label: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Name of your own, unique while it runs",
        placeholder: "name",
      },
      color: {
        kind: "enum",
        values: COLORS,
        optional: true,
        brief: "Colour of its label in lists",
      },
      large: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Copy more than 500 MB or 50,000 files",
      },
      observe: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Record what is refused, for `bottle learn`",
      },
      keep: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Keep its state folder also if unchanged",
      },
    },
    aliases: { b: "bottle", p: "prompt", y: "yes" },
  },
});
