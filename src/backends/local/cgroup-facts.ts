import { accessSync, constants, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** What this machine says about control groups, unjudged. */
export type CgroupFacts = {
  readonly v1: readonly CgroupV1[];
  readonly v2: CgroupV2 | undefined;
};

/** One controller of version 1, and the group this process is in. */
export type CgroupV1 = { readonly controller: string; readonly folder: string; readonly writable: boolean };

/** The hierarchy of version 2. */
export type CgroupV2 = {
  readonly folder: string;
  readonly writable: boolean;
  /** What its children may be limited in (`cgroup.subtree_control`) */
  readonly controllers: readonly string[];
};

/** Reads the facts; a machine without control groups gives empty ones. */
export function readCgroupFacts(): CgroupFacts {
  const places = parseCgroupPlaces(readText("/proc/self/mountinfo"), readText("/proc/self/cgroup"));
  const v1 = places.v1.map(({ controller, folder }) => ({ controller, folder, writable: isWritable(folder) }));
  if (places.v2 === undefined) return { v1, v2: undefined };
  const control = readText(join(places.v2, "cgroup.subtree_control"));
  const controllers = control.split(/\s+/).filter(Boolean);
  return { v1, v2: { folder: places.v2, writable: isWritable(places.v2), controllers } };
}

/** Where the controllers are mounted, and in which of their groups this process is. */
export function parseCgroupPlaces(
  mountinfo: string,
  cgroup: string,
): {
  readonly v1: readonly { readonly controller: string; readonly folder: string }[];
  readonly v2: string | undefined;
} {
  const own = new Map(
    cgroup.split("\n").flatMap((line) => {
      const [, controllers, ...path] = line.split(":");
      return (controllers ?? "").split(",").map((name) => [name, path.join(":")] as const);
    }),
  );
  const v1: { controller: string; folder: string }[] = [];
  let v2: string | undefined;
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const [, , , root, mountPoint] = (left ?? "").split(" ");
    const [type, , options] = (right ?? "").split(" ");
    if (root === undefined || mountPoint === undefined) continue;
    if (type === "cgroup2") v2 ??= mountPoint;
    if (type !== "cgroup") continue;
    for (const controller of ["memory", "pids", "cpu"]) {
      const path = own.get(controller);
      if (path === undefined || !(options ?? "").split(",").includes(controller)) continue;
      const below = relative(root, path); // a container mounts its own group as the root
      if (!below.startsWith("..")) v1.push({ controller, folder: join(mountPoint, below) });
    }
  }
  return { v1, v2 };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not on this machine
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
