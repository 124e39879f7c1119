import { access, constants, readFile } from "node:fs/promises";
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
export async function readCgroupFacts(): Promise<CgroupFacts> {
  const [mounts, groups] = await Promise.all([readText("/proc/self/mountinfo"), readText("/proc/self/cgroup")]);
  const places = parseCgroupPlaces(mounts, groups);
  const v1 = await Promise.all(
    places.v1.map(async ({ controller, folder }) => ({ controller, folder, writable: await isWritable(folder) })),
  );
  if (places.v2 === undefined) return { v1, v2: undefined };
  const [control, writable] = await Promise.all([
    readText(join(places.v2, "cgroup.subtree_control")),
    isWritable(places.v2),
  ]);
  return { v1, v2: { folder: places.v2, writable, controllers: control.split(/\s+/).filter(Boolean) } };
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

function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

async function isWritable(folder: string): Promise<boolean> {
  return await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}
