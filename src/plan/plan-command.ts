import { BottleError } from "../base/errors.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { HostFacts } from "./host-facts.ts";
import { isAttended } from "./is-attended.ts";
import type { PlannedCommand } from "./plan.ts";
import type { StartRequest } from "./request.ts";

const SHELL: readonly string[] = ["bash", "-l"];

/** Decides what is run: what stands after `--`, else the provider's command, else a shell; and whether it gets a terminal. */
export function planCommand(
  { request, bottle, facts }: { readonly request: StartRequest; readonly bottle: Bottle; readonly facts: HostFacts },
  refuse: (error: BottleError) => undefined,
): PlannedCommand | undefined {
  const argv = [request.argv, bottle.provider.command, bottle.provider.template === "shell" ? SHELL : undefined].find(
    (candidate) => candidate !== undefined && candidate.length > 0,
  );
  if (argv === undefined) {
    return refuse(
      new BottleError("input/usage", `nothing says what to run in ${bottle.names.join(" + ")}`, {
        hint: "add `-- COMMAND ARGS`, or `agent_provider.command` to the bottle",
      }),
    );
  }
  if (argv[0] === "" || argv.some((word) => word.includes("\0"))) {
    return refuse(
      new BottleError("input/usage", "the command is not one that can be run", {
        hint: "its program may not be empty, and no word of it may hold a zero byte",
      }),
    );
  }
  return { argv, interactive: isAttended(request, facts) };
}
