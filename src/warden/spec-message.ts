import { SecretValue } from "../base/secret-value.ts";
import type { WardenSpec } from "./spec.ts";

/** How a secret is told from a text in the message. */
export const SECRET_KEY = "$secret";

/**
 * The one message that makes a process a warden: JSON with every secret in plain text. It may go down a pipe to that
 * process and nowhere else.
 */
export function renderWardenSpec(spec: WardenSpec): string {
  return JSON.stringify(reveal(spec));
}

function reveal(value: unknown): unknown {
  if (value instanceof SecretValue) return { [SECRET_KEY]: [value.name, value.expose("spec of the warden, by pipe")] };
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part)]));
}
