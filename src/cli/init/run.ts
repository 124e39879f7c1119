import { EXIT_CODES } from "../../base/exit-codes.ts";
import { canAsk } from "../../lifecycle/ask.ts";
import { findToolchains, type Toolchain } from "../../lifecycle/find-toolchains.ts";
import { writeInitFiles } from "../../lifecycle/init-files.ts";
import type { CommandContext } from "../context.ts";
import type { InitFlags } from "./command.ts";

/** Makes a first bottle and agent, asking only which toolchains a bottle may see. */
export async function runInit(context: CommandContext, flags: InitFlags): Promise<number> {
  const found = await findToolchains(context.userHome, context.env["PATH"]);
  const asks = flags.yes !== true && canAsk(context) && found.length > 0;
  const chosen = asks ? await askToolchains(context, found) : found.filter(({ onPath }) => onPath);
  if (chosen === undefined) return EXIT_CODES.declined.code;
  const files = await writeInitFiles(context.paths, { tools: chosen.map(({ folder }) => folder) });
  for (const { path, outcome } of files) context.stdout.write(`${outcome.padEnd(8)} ${path}\n`);
  context.stdout.write(
    [
      "",
      "Now, in a folder you work in:",
      "  bottle start                    a shell in a bottle",
      "  bottle start -- make test       any command",
      "  bottle start --dry-run          what would go in and what stays out",
      "  bottle doctor                   if something does not work",
      "",
    ].join("\n"),
  );
  return EXIT_CODES.ok.code;
}

async function askToolchains(
  context: CommandContext,
  found: readonly Toolchain[],
): Promise<readonly Toolchain[] | undefined> {
  const { isCancel, multiselect } = await import("@clack/prompts");
  const answer = await multiselect<Toolchain>({
    message: "Toolchains outside /usr that bottles may read and run (never write). Space selects, Enter goes on",
    options: found.map((toolchain) => ({ value: toolchain, label: toolchain.name, hint: toolchain.folder })),
    initialValues: found.filter(({ onPath }) => onPath),
    required: false,
    input: context.stdin,
    output: context.stderr,
    signal: context.signal,
  });
  return isCancel(answer) ? undefined : answer;
}
