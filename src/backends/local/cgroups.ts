import { join } from "node:path";
import type { PlannedLimits } from "../../plan/plan.ts";
import type { CgroupFacts } from "./cgroup-facts.ts";

/** How the limits of a bottle can be held: folders in which groups may be made, or why not. */
export type CgroupPlaces =
  | { readonly kind: "v1"; readonly folders: ReadonlyMap<string, string> }
  | { readonly kind: "v2"; readonly folder: string }
  | { readonly kind: "none"; readonly why: string };

/** Decides from the facts of the machine; version 1 first, where both are there memory is on it. */
export function decideCgroups(facts: CgroupFacts): CgroupPlaces {
  const writable = new Map(facts.v1.filter((one) => one.writable).map((one) => [one.controller, one.folder]));
  if (writable.has("memory") && writable.has("pids")) return { kind: "v1", folders: writable };
  if (facts.v1.some((one) => one.controller === "memory")) return { kind: "none", why: NOT_WRITABLE };
  if (facts.v2 === undefined) return { kind: "none", why: "this machine has no control groups mounted" };
  if (!facts.v2.writable) return { kind: "none", why: NOT_WRITABLE };
  const missing = ["memory", "pids"].filter((name) => !facts.v2?.controllers.includes(name));
  if (missing.length === 0) return { kind: "v2", folder: facts.v2.folder };
  return { kind: "none", why: `${missing.join(" and ")} cannot be limited in ${facts.v2.folder}` };
}

const NOT_WRITABLE = "an ordinary user may not make control groups here";

/** What holds memory and cpus on this machine, as a plan states it. */
export function limitsHeldBy(facts: CgroupFacts): Pick<PlannedLimits, "heldBy" | "why"> {
  const places = decideCgroups(facts);
  return places.kind === "none" ? { heldBy: "nothing", why: places.why } : { heldBy: "cgroup", why: undefined };
}

/** One group to make, and what to write into its files; `optional` files are not on every kernel. */
export type CgroupPlan = {
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly value: string; readonly optional: boolean }[];
};

const CPU_PERIOD_US = 100_000;

/** The groups that hold these limits, each with its files; pure. */
export function planCgroups(places: CgroupPlaces, name: string, limits: PlannedLimits): readonly CgroupPlan[] {
  if (places.kind === "none") return [];
  const memory = limits.memoryBytes === undefined ? undefined : String(limits.memoryBytes);
  const cpuQuota =
    limits.cpus === undefined ? undefined : String(Math.max(1000, Math.round(limits.cpus * CPU_PERIOD_US)));
  if (places.kind === "v2") {
    return [
      {
        folder: join(places.folder, name),
        files: [
          file("pids.max", String(limits.pids)),
          ...(memory === undefined ? [] : [file("memory.max", memory), optional("memory.swap.max", "0")]),
          ...(memory === undefined ? [] : [optional("memory.oom.group", "1")]),
          ...(cpuQuota === undefined ? [] : [file("cpu.max", `${cpuQuota} ${CPU_PERIOD_US}`)]),
        ],
      },
    ];
  }
  const group = (controller: string, files: CgroupPlan["files"]): readonly CgroupPlan[] => {
    const folder = places.folders.get(controller);
    return folder === undefined || files.length === 0 ? [] : [{ folder: join(folder, name), files }];
  };
  return [
    ...group("pids", [file("pids.max", String(limits.pids))]),
    ...group(
      "memory",
      memory === undefined
        ? []
        : [file("memory.limit_in_bytes", memory), optional("memory.memsw.limit_in_bytes", memory)],
    ),
    ...group(
      "cpu",
      cpuQuota === undefined
        ? []
        : [file("cpu.cfs_period_us", String(CPU_PERIOD_US)), file("cpu.cfs_quota_us", cpuQuota)],
    ),
  ];
}

const file = (name: string, value: string) => ({ name, value, optional: false });
const optional = (name: string, value: string) => ({ name, value, optional: true });
