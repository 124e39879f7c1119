import { type Application, ArgumentScannerError, buildApplication, buildRouteMap, text_en } from "@stricli/core";
import { BottleError } from "../base/errors.ts";
import { EXIT_CODES } from "../base/exit-codes.ts";
import { cleanupCommand } from "./cleanup/command.ts";
import { completionsCommand } from "./completions/command.ts";
import type { CliContext } from "./context.ts";
import { demoCommand } from "./demo/command.ts";
import { doctorCommand } from "./doctor/command.ts";
import { editCommand } from "./edit/command.ts";
import { explainCommand } from "./explain/command.ts";
import { gateCommands } from "./gate/command.ts";
import { holdCommands } from "./hold/command.ts";
import { imageCommands } from "./image/command.ts";
import { infoCommand } from "./info/command.ts";
import { initCommand } from "./init/command.ts";
import { learnCommand } from "./learn/command.ts";
import { listCommand } from "./list/command.ts";
import { logsCommand } from "./logs/command.ts";
import { manifestCommands } from "./manifest/command.ts";
import { renderError } from "./render-error.ts";
import { startCommand } from "./start/command.ts";

/** The command line of `bottle`: routes and flags; what a command does is loaded when it runs. */
export function makeApp(version: string): Application<CliContext> {
  const root = buildRouteMap<string, CliContext>({
    docs: { brief: "Run any coding agent as if it were compromised, and lose nothing when it is" },
    routes: {
      start: startCommand,
      demo: demoCommand,
      init: initCommand,
      list: listCommand,
      logs: logsCommand,
      explain: explainCommand,
      gate: gateCommands,
      learn: learnCommand,
      hold: holdCommands,
      cleanup: cleanupCommand,
      doctor: doctorCommand,
      image: imageCommands,
      info: infoCommand,
      edit: editCommand,
      manifest: manifestCommands,
      completions: completionsCommand,
    },
  });
  const usage = (message: string, hint: string) =>
    renderError(new BottleError("input/usage", message, { hint }), version);
  const formatException = (error: unknown) => renderError(error, version);
  return buildApplication(root, {
    name: "bottle",
    versionInfo: { currentVersion: version },
    scanner: { caseStyle: "allow-kebab-for-camel" },
    documentation: { caseStyle: "convert-camel-to-kebab", onlyRequiredInUsageLine: true },
    localization: {
      text: {
        ...text_en,
        formatException,
        noCommandRegisteredForInput: ({ input, corrections }) =>
          usage(
            `there is no command ${JSON.stringify(input)}`,
            corrections.length === 0 ? "`bottle --help` lists them" : `did you mean ${corrections.join(" or ")}?`,
          ),
        exceptionWhileParsingArguments: (error) =>
          error instanceof ArgumentScannerError
            ? usage(error.message, "--help after a command lists what it takes")
            : formatException(error),
        exceptionWhileRunningCommand: formatException,
        exceptionWhileLoadingCommandFunction: formatException,
      },
    },
    determineExitCode: (error) => (error instanceof BottleError ? error.exit : EXIT_CODES.bug.code),
  });
}
