import type { EnvEntry } from "./bottle.ts";

/** One written variable: `?question` is asked, a whole `${NAME}` is taken from the host, anything else is text. */
export function parseEnvEntry(name: string, value: string): EnvEntry {
  if (value.startsWith("?")) return { kind: "prompt", name, question: value.slice(1).trim() };
  const [, variable] = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(value) ?? [];
  if (variable !== undefined) return { kind: "host", name, variable };
  return { kind: "literal", name, value };
}
