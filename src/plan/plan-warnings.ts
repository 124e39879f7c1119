import type { BottlePlan } from "./plan.ts";
import { isLarge } from "./plan-workspace.ts";
import { renderBytes } from "./render-amount.ts";

/** What the operator must have seen before saying yes, most important first. */
export function makeWarnings(plan: Omit<BottlePlan, "warnings">): readonly string[] {
  return [...workspaceWarnings(plan), ...limitWarnings(plan), ...routeWarnings(plan), ...configWarnings(plan)];
}

function workspaceWarnings({ workspace }: Omit<BottlePlan, "warnings">): readonly string[] {
  if (workspace.mode === "mount") {
    return [`the folder itself is mounted: whatever the agent changes in ${workspace.source} is changed at once`];
  }
  if (workspace.mode === "none" || !isLarge(workspace)) return [];
  return [`a large workspace is copied: ${workspace.files} files, ${renderBytes(workspace.bytes)}`];
}

function limitWarnings({ limits }: Omit<BottlePlan, "warnings">): readonly string[] {
  if (limits.heldBy !== "nothing") return [];
  const asked = [limits.memoryBytes === undefined ? [] : "memory", limits.cpus === undefined ? [] : "cpus"].flat();
  if (asked.length === 0) return [];
  return [
    `the bottle limits ${asked.join(" and ")}, and nothing on this machine holds that: ${limits.why ?? "unknown"}`,
  ];
}

function routeWarnings({ egress }: Omit<BottlePlan, "warnings">): readonly string[] {
  return egress.routes.flatMap((route) => [
    ...(route.inboundCredentials === "pass" ? [`${route.host} takes credentials that the agent brings along`] : []),
    ...(route.allowPrivate ? [`${route.host} may be at a private address`] : []),
  ]);
}

function configWarnings({ config }: Omit<BottlePlan, "warnings">): readonly string[] {
  return [
    ...(config.extraCa === undefined ? [] : [`upstream TLS also trusts ${config.extraCa}`]),
    ...(config.upstreamProxy === undefined ? [] : ["requests leave through the proxy of config.yaml"]),
    ...config.resolve.map(({ name, address, port }) => `${name} is dialled at ${address} port ${port}`),
  ];
}
