import { isJsonObject } from "../base/parse-json.ts";

/** Settings with another's laid over them: maps are merged key by key, everything else is replaced. */
export function mergeSettings(
  ours: Readonly<Record<string, unknown>>,
  theirs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = { ...ours };
  for (const [key, value] of Object.entries(theirs)) {
    const mine = ours[key];
    const both = Object.hasOwn(ours, key) && isJsonObject(mine) && isJsonObject(value);
    Object.defineProperty(merged, key, {
      value: both ? mergeSettings(mine, value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return merged;
}
