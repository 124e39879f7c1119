import type { BottlePlan } from "./plan.ts";

/** A password inside an address, which somebody may have written into a manifest */
const PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i;

/** The plan as JSON for a program: every field in its place, null for what is absent, passwords in addresses masked. */
export function renderPlanJson(plan: BottlePlan): string {
  return `${JSON.stringify(plan, (_key, value: unknown) => showValue(value), 2)}\n`;
}

function showValue(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === "string" ? value.replace(PASSWORD, "$1:***@") : value;
}
