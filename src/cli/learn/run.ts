import { EXIT_CODES } from "../../base/exit-codes.ts";
import { renderJson } from "../../base/render-json.ts";
import { learn } from "../../lifecycle/learn/learn.ts";
import type { CommandContext } from "../context.ts";
import type { LearnFlags } from "./command.ts";

/** Prints the routes that a bottle asked for; nothing is written. */
export async function runLearn(context: CommandContext, flags: LearnFlags, name?: string): Promise<number> {
  const { block, ...learned } = await learn(context, name);
  context.stdout.write(flags.json ? `${renderJson({ version: 1, ...learned }, 2)}\n` : block);
  return EXIT_CODES.ok.code;
}
