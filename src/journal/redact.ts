import { isJsonObject } from "../base/parse-json.ts";
import type { SecretValue } from "../base/secret-value.ts";
import { makeSecretForms } from "./secret-forms.ts";

/** Takes every known secret out of an event, or of anything else that is written down. */
export type Redact = <T>(value: T) => T;

/** Leaves events as they are, for a bottle that was given no secret. */
export const redactNothing: Redact = (value) => value;

/**
 * Replaces every known secret, in each form in which it is likely to be quoted, by `[secret NAME]` in every text of an event.
 * `kind` and the names of fields are ours and stay.
 */
export function makeRedact(secrets: readonly SecretValue[]): Redact {
  const names = new Map<string, string>();
  for (const secret of secrets) {
    for (const form of makeSecretForms(secret.expose("redact the journal"))) {
      if (!names.has(form)) names.set(form, secret.toString());
    }
  }
  if (names.size === 0) return redactNothing;
  const longestFirst = [...names.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return (value) => mapTexts(value, (text) => replaceForms(text, longestFirst, names));
}

function mapTexts<T>(value: T, change: (text: string) => string): T;
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((part: unknown) => mapTexts(part, change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, key === "kind" ? part : mapTexts(part, change)]),
  );
}

/** Not by a regular expression: one of a long secret cannot be made, and the error would quote it. */
function replaceForms(text: string, longestFirst: readonly string[], names: ReadonlyMap<string, string>): string {
  const present = longestFirst.filter((form) => text.includes(form));
  let written = "";
  for (let at = 0; ; ) {
    let start = text.length;
    let found: string | undefined;
    for (const form of present) {
      const index = text.indexOf(form, at);
      if (index === -1 || index >= start) continue; // of two that begin at the same place the longer was first
      start = index;
      found = form;
    }
    written += text.slice(at, start);
    if (found === undefined) return written;
    written += names.get(found) ?? "[secret]";
    at = start + found.length;
  }
}
