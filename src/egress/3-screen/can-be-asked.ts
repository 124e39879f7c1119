import type { Finding } from "../../detect/finding.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";

/**
 * Whether a person can be asked about a finding: it has a place of its own, so that all of what is let pass was found. What
 * is hidden in an encoding could hold more than was found in it.
 */
export function canBeAsked({ digest, encodings }: Finding): boolean {
  return digest !== "" && encodings.every((encoding) => encoding === "escapes");
}

/** Where an approval counts: for one route. */
export function scopeOf({ index, route }: CompiledRoute): string {
  return `route ${index}: ${route.host}`;
}
