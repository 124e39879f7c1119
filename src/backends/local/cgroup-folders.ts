import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BottleError, systemErrorCode } from "../../base/errors.ts";
import type { CgroupPlaces, CgroupPlan } from "./cgroups.ts";
import { waitUntil } from "./wait-until.ts";

const EMPTY_DEADLINE_MS = 2000;

/** Makes the groups and sets their limits. Throws `launch/failed` when a limit cannot be set: it was promised. */
export async function openCgroups(plans: readonly CgroupPlan[]): Promise<void> {
  for (const plan of plans) {
    try {
      await mkdir(plan.folder);
      for (const { name, value, optional } of plan.files) {
        await writeFile(join(plan.folder, name), value).catch((error: unknown) => {
          if (!optional) throw error;
        });
      }
    } catch (error) {
      throw new BottleError("launch/failed", `the limits of the bottle could not be set in ${plan.folder}`, {
        hint: "leave out `resources` to start without limits on memory and cpus",
        cause: error,
      });
    }
  }
}

/** Removes groups once nothing is left in them; a group that is already gone is no error. */
export async function closeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const gone = await waitUntil(() => removeGroup(folder), EMPTY_DEADLINE_MS);
    if (!gone) throw new BottleError("process/failed", `processes are left in the control group ${folder}`);
  }
}

async function removeGroup(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return true;
    if (systemErrorCode(error) === "EBUSY") return false; // the last process is still on its way out
    throw error;
  }
}

/** Folders of groups whose name begins so, in every hierarchy in which groups can be made. */
export async function listCgroups(places: CgroupPlaces, prefix: string): Promise<readonly string[]> {
  if (places.kind === "none") return [];
  const parents = places.kind === "v1" ? [...places.folders.values()] : [places.folder];
  const found = await Promise.all(
    parents.map(async (parent) => {
      const names = await readdir(parent).catch(() => []);
      return names.filter((name) => name.startsWith(prefix)).map((name) => join(parent, name));
    }),
  );
  return found.flat();
}

/** Processes in a group. */
export async function readCgroupPids(folder: string): Promise<readonly number[]> {
  const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}
