import { BottleError } from "../base/errors.ts";
import { SecretValue } from "../base/secret-value.ts";
import type { EnvEntry } from "../manifest/bottle.ts";

/** Asks the operator for a value without showing it. */
export type AskSecretly = (question: string) => Promise<string>;

/**
 * The environment that the agent will see, resolved once and late. Values of the host and of the operator are secrets
 * to this program although the agent may read them. Throws `secret/missing` with every name that is missing, never a value.
 */
export async function resolveEnv(
  entries: readonly EnvEntry[],
  host: Readonly<Record<string, string | undefined>>,
  ask: AskSecretly | undefined,
): Promise<ReadonlyMap<string, string | SecretValue>> {
  const missing = entries.filter((entry) => entry.kind === "host" && host[entry.variable] === undefined);
  if (missing.length > 0) {
    const names = missing.map((entry) => (entry.kind === "host" ? entry.variable : entry.name)).join(", ");
    throw new BottleError("secret/missing", `the bottle takes variables from this shell that are not set: ${names}`, {
      hint: `export ${names.split(", ")[0]}=… and start again, or remove it from \`env\``,
    });
  }
  const questions = entries.filter((entry) => entry.kind === "prompt");
  if (questions.length > 0 && ask === undefined) {
    const names = questions.map((entry) => entry.name).join(", ");
    throw new BottleError("secret/missing", `the bottle asks for values and there is no terminal to ask on: ${names}`, {
      hint: `write \${HOST_VAR} instead of a question in \`env\`, or start it from a terminal`,
    });
  }
  const resolved = new Map<string, string | SecretValue>();
  for (const entry of entries) resolved.set(entry.name, await resolveEntry(entry, host, ask));
  return resolved;
}

async function resolveEntry(
  entry: EnvEntry,
  host: Readonly<Record<string, string | undefined>>,
  ask: AskSecretly | undefined,
): Promise<string | SecretValue> {
  switch (entry.kind) {
    case "literal":
      return entry.value;
    case "host":
      return new SecretValue(entry.name, host[entry.variable] ?? "");
    case "prompt":
      return new SecretValue(entry.name, (await ask?.(entry.question)) ?? "");
  }
}
