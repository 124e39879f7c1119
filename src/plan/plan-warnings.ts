import { hasWayOut } from "./has-way-out.ts";
import type { HostFacts } from "./host-facts.ts";
import type { BottlePlan } from "./plan.ts";
import { isLarge } from "./plan-workspace.ts";
import { renderBytes } from "./render-amount.ts";

/** What the operator must have seen before saying yes, most important first. */
export function makeWarnings(plan: Omit<BottlePlan, "warnings">, facts: HostFacts): readonly string[] {
  const ways = !hasWayOut(plan) ? [] : [...routeWarnings(plan), ...configWarnings(plan, facts)];
  return [...workspaceWarnings(plan), ...limitWarnings(plan), ...ways];
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
  const { log } = egress;
  const kept =
    log === "headers" || log === "bodies"
      ? [`the journal keeps ${log === "bodies" ? "headers and bodies" : "headers"} of requests, secrets masked`]
      : [];
  return kept.concat(
    egress.routes.flatMap((route) => [
      ...(route.inboundCredentials === "pass" ? [`${route.host} takes credentials that the agent brings along`] : []),
      ...(route.allowPrivate ? [`${route.host} may be at a private address`] : []),
    ]),
  );
}

/** What the machine-wide file changes about the way out; without routes there is none. */
function configWarnings({ config }: Omit<BottlePlan, "warnings">, { variables }: HostFacts): readonly string[] {
  const unused = ["HTTPS_PROXY", "https_proxy"].find((name) => variables.has(name));
  return [
    ...(unused === undefined || config.upstreamProxy !== undefined
      ? []
      : [`${unused} of this shell is not used; a proxy is named by upstream_proxy in config.yaml`]),
    ...(config.extraCa === undefined ? [] : [`upstream TLS also trusts ${config.extraCa}`]),
    ...(config.upstreamProxy === undefined
      ? []
      : ["requests leave through the proxy of config.yaml, which resolves names: their addresses cannot be checked"]),
    ...config.resolve.map(({ name, address, port }) => `${name} is dialled at ${address} port ${port}`),
  ];
}
