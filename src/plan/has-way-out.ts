import type { BottlePlan } from "./plan.ts";

/** Whether anything outside can be reached from a bottle: by a route, or by its agent program's own. */
export function hasWayOut({ egress, provider }: Pick<BottlePlan, "egress" | "provider">): boolean {
  return egress.routes.length > 0 || (provider?.hosts.length ?? 0) > 0;
}
