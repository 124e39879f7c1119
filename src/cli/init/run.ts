import { EXIT_CODES } from "../../base/exit-codes.ts";
import { canAsk } from "../../lifecycle/ask.ts";
import { type FoundAgent, findAgents } from "../../lifecycle/find-agents.ts";
import { findToolchains, type Toolchain } from "../../lifecycle/find-toolchains.ts";
import { writeInitFiles } from "../../lifecycle/init-files.ts";
import type { CommandContext } from "../context.ts";
import type { InitFlags } from "./command.ts";

/** Makes a first bottle and agent, and those of the agent programs whose credential is in this shell; asks only for toolchains. */
export async function runInit(context: CommandContext, flags: InitFlags): Promise<number> {
  const found = await findToolchains(context.userHome, context.env["PATH"]);
  const asks = flags.yes !== true && canAsk(context) && found.length > 0;
  const chosen = asks ? await askToolchains(context, found) : found.filter(({ onPath }) => onPath);
  if (chosen === undefined) return EXIT_CODES.declined.code;
  const known = await findAgents(context);
  const agents = known.flatMap(({ name, title, variable }) =>
    variable === undefined ? [] : [{ name, title, variable }],
  );
  const files = await writeInitFiles(context.paths, { tools: chosen.map(({ folder }) => folder), agents });
  for (const { path, outcome } of files) context.stdout.write(`${outcome.padEnd(8)} ${path}\n`);
  context.stdout.write(
    [
      ...known.flatMap(adviceFor),
      "",
      "Now, in a folder you work in:",
      ...agents.map(({ name, title }) => `  ${`bottle start ${name}`.padEnd(32)}${title}, its credential kept outside`),
      "  bottle start                    a shell in a bottle",
      "  bottle start -- make test       any command",
      "  bottle start --dry-run          what would go in and what stays out",
      "  bottle doctor                   if something does not work",
      "",
    ].join("\n"),
  );
  return EXIT_CODES.ok.code;
}

/** What is still to be done for an agent program whose credential is not in this shell. */
function adviceFor({ title, variable, isUsed, advice }: FoundAgent): readonly string[] {
  if (variable !== undefined) return [];
  const used = isUsed ? " (you seem to use it here; a login of its own is not taken into a bottle)" : "";
  return ["", `${title} needs a credential${used}:`, ...advice.map((line) => `  ${line}`)];
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
