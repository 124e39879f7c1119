import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import { type CliContext, lazily } from "../context.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that completions are made for. */
export type Shell = (typeof SHELLS)[number];

/** Flags of the completion commands. */
export type NoFlags = Record<never, never>;

const scriptCommand = (shell: Shell) =>
  buildCommand<NoFlags, [], CliContext>({
    loader: lazily(async () => {
      const { renderCompletionScript } = await import("./script.ts");
      return async (context) => {
        context.stdout.write(renderCompletionScript(shell));
        return 0;
      };
    }),
    docs: { brief: `Print the completion script for ${shell}` },
    parameters: { flags: {} },
  });

const proposeCommand = buildCommand<NoFlags, string[], CliContext>({
  loader: lazily(async () => (await import("./propose.ts")).runPropose),
  docs: { brief: "Print proposals for a partial command line; the scripts call this" },
  parameters: {
    positional: {
      kind: "array",
      parameter: { brief: "Words so far", parse: (input: string) => input, placeholder: "word" },
    },
    flags: {},
  },
});

/** `bottle completions bash|zsh|fish`. */
export const completionsCommand: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  docs: { brief: 'Completion for your shell: eval "$(bottle completions bash)"', hideRoute: { propose: true } },
  routes: {
    bash: scriptCommand("bash"),
    zsh: scriptCommand("zsh"),
    fish: scriptCommand("fish"),
    propose: proposeCommand,
  },
});
