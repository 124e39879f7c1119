import type { BottlePlan } from "./plan.ts";

/** Whether a bottle has a way out: by a route, by its agent program's own, or one that refuses everything and records it. */
export function hasWayOut({ egress, provider, observe }: Pick<BottlePlan, "egress" | "provider" | "observe">): boolean {
  return observe || egress.routes.length > 0 || (provider?.hosts.length ?? 0) > 0;
}
