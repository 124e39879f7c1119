import { BottleError } from "../base/errors.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { HostFacts } from "./host-facts.ts";
import { isAttended } from "./is-attended.ts";
import type { StartRequest } from "./request.ts";

/** Refuses when a variable of the bottle could not be given its value: a host variable that is missing, a question nobody answers. */
export function checkEnv(
  { request, bottle, facts }: { readonly request: StartRequest; readonly bottle: Bottle; readonly facts: HostFacts },
  refuse: (error: BottleError) => undefined,
): void {
  for (const entry of bottle.env) {
    if (entry.kind === "host" && !facts.variables.has(entry.variable)) {
      refuse(
        new BottleError(
          "secret/missing",
          `env.${entry.name} takes the host variable ${entry.variable}, which is not set`,
          {
            hint: `export ${entry.variable}=…, then try again`,
          },
        ),
      );
    }
    if (entry.kind === "prompt" && !request.dryRun && !isAttended(request, facts)) {
      refuse(
        new BottleError("secret/missing", `env.${entry.name} is asked for, and there is no terminal to ask on`, {
          hint: `start it on a terminal without --headless, or take it from the host: ${entry.name}: \${${entry.name}}`,
        }),
      );
    }
  }
}
