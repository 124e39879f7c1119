import type { Holder } from "../base/holder.ts";
import { isJsonObject, parseJsonObject } from "../base/parse-json.ts";

/** The text of `holder.json`. */
export function renderHolder({ pid, startTicks }: Holder): string {
  return `${JSON.stringify({ pid, startTicks })}\n`;
}

/** The text of `holder.json` as a value, or undefined if it is something else. */
export function parseHolder(text: string): Holder | undefined {
  return checkHolder(parseJsonObject(text));
}

/** A value of unknown origin as a holder, or undefined if it is something else. */
export function checkHolder(value: unknown): Holder | undefined {
  if (!isJsonObject(value)) return undefined;
  const { pid, startTicks } = value;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return typeof startTicks === "string" ? { pid, startTicks } : undefined;
}
