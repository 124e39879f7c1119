import { BottleError } from "../base/errors.ts";
import type { Bottle } from "../manifest/bottle.ts";
import type { HostFacts } from "./host-facts.ts";
import { isAttended } from "./is-attended.ts";
import type { StartRequest } from "./request.ts";

/**
 * Refuses when a value could not be had: a host variable that is missing, for the agent's environment or as the credential
 * of a route, or a question that nobody answers.
 */
export function checkEnv(
  { request, bottle, facts }: { readonly request: StartRequest; readonly bottle: Bottle; readonly facts: HostFacts },
  refuse: (error: BottleError) => undefined,
): void {
  for (const { host, auth } of bottle.egress.routes) {
    if (auth?.tokenRef.kind !== "env" || facts.variables.has(auth.tokenRef.variable)) continue;
    const { variable } = auth.tokenRef;
    refuse(
      new BottleError("secret/missing", `the route ${host} takes its credential from ${variable}, which is not set`, {
        hint: `export ${variable}=…, then try again`,
      }),
    );
  }
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
