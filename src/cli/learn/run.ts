import { EXIT_CODES } from "../../base/exit-codes.ts";
import { learn } from "../../lifecycle/learn/learn.ts";
import type { CommandContext } from "../context.ts";
import type { LearnFlags } from "./command.ts";

/** Prints the routes that a bottle asked for; nothing is written. */
export async function runLearn(context: CommandContext, flags: LearnFlags, name?: string): Promise<number> {
  const { block, ...learned } = await learn(context, name);
  context.stdout.write(flags.json ? `${JSON.stringify({ version: 1, ...learned }, undefined, 2)}\n` : block);
  return EXIT_CODES.ok.code;
}
