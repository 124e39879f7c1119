import { BottleError } from "../base/errors.ts";
import type { Agent, Bottle } from "../manifest/bottle.ts";
import type { HostFacts } from "./host-facts.ts";
import { isAttended } from "./is-attended.ts";
import type { PlannedCommand } from "./plan.ts";
import type { StartRequest } from "./request.ts";

type CommandInput = {
  readonly request: StartRequest;
  readonly bottle: Bottle;
  readonly agent: Agent | undefined;
  readonly facts: HostFacts;
};

const SHELL: readonly string[] = ["bash", "-l"];

/**
 * Decides what is run: a command that stands after `--`, else the bottle's own, else the agent program with the words after
 * `--` as its flags, else a shell; whether it gets a terminal; and what it reads.
 */
export function planCommand(
  input: CommandInput,
  refuse: (error: BottleError) => undefined,
): PlannedCommand | undefined {
  const { request, facts } = input;
  const interactive = isAttended(request, facts);
  const command = isCommand(request.argv) ? request.argv : undefined;
  if (request.argv?.some((word, index) => word.includes("\0") || (index === 0 && word === ""))) {
    return refuse(
      new BottleError("input/usage", "the command is not one that can be run", {
        hint: "its program may not be empty, and no word of it may hold a zero byte",
      }),
    );
  }
  const wrong = checkTask(input, command !== undefined, interactive);
  if (wrong !== undefined) return refuse(wrong);
  if (command !== undefined) return { argv: command, interactive, input: undefined };
  const task = request.prompt === "-" ? undefined : request.prompt;
  const argv = makeArgv(input, interactive, interactive ? task : undefined);
  return { argv, interactive, input: interactive || task === undefined ? undefined : `${task}\n` };
}

/** Words after `--` are a command, unless they begin with a flag: then they are for the agent program. */
function isCommand(argv: readonly string[] | undefined): argv is readonly string[] {
  return argv !== undefined && argv.length > 0 && argv[0]?.startsWith("-") !== true;
}

function makeArgv(
  { request, bottle, agent, facts }: CommandInput,
  interactive: boolean,
  prompt: string | undefined,
): readonly string[] {
  const flags = request.argv ?? [];
  const own = bottle.provider.command;
  const { provider } = facts;
  if (provider === undefined) return [...(own ?? SHELL), ...flags];
  if (own !== undefined) return [...own, ...flags, ...(prompt === undefined ? [] : [prompt])];
  return provider.argv({ interactive, flags, prompt, hasInstructions: (agent?.prompt ?? "") !== "" });
}

/** What is wrong with the task that an agent is given, or with there being none. */
function checkTask(
  { request, facts, bottle }: CommandInput,
  isOwnCommand: boolean,
  interactive: boolean,
): BottleError | undefined {
  const { provider } = facts;
  const { prompt } = request;
  if (prompt === undefined) {
    const reads = provider !== undefined && !isOwnCommand && bottle.provider.command === undefined && !interactive;
    if (!reads || !facts.terminal.stdin || request.dryRun) return undefined;
    return new BottleError("input/usage", `${provider.title} has no task`, {
      hint: "add --prompt TEXT, or --prompt - and write it to standard input",
    });
  }
  if (provider === undefined || isOwnCommand) {
    return new BottleError("input/usage", "--prompt is for an agent program, and this start runs a command", {
      hint: "name an agent whose bottle has agent_provider.template, without a command after --",
    });
  }
  if (prompt.trim() === "" || prompt.includes("\0")) {
    return new BottleError("input/usage", "the task is empty, or holds a zero byte", {
      hint: "write it: --prompt TEXT",
    });
  }
  if (interactive && prompt === "-") {
    return new BottleError("input/usage", "--prompt - reads standard input, which is the terminal here", {
      hint: "pipe the task in, or write it: --prompt TEXT",
    });
  }
  if (interactive && prompt.startsWith("-")) {
    return new BottleError("input/usage", "a task that begins with - would be taken for a flag", {
      hint: "begin it with a word, or add --headless",
    });
  }
  if (interactive && !provider.takesPrompt) {
    return new BottleError("input/usage", `${provider.title} takes no task on a terminal`, {
      hint: "add --headless, or type the task once it runs",
    });
  }
  return undefined;
}
