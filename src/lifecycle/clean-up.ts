import type { Backend } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { removeFile } from "../base/files.ts";
import { readHolder } from "../base/holder.ts";
import { systemIds } from "../base/ids.ts";
import { run } from "../base/process.ts";
import { findAbandonedTrials, findLeftovers, type Leftover } from "../bottles/find-leftovers.ts";
import { listBottles } from "../bottles/list-bottles.ts";
import { listLabels } from "../bottles/list-labels.ts";
import { type CleanupPlan, type CleanupRules, planCleanup, type Removal } from "../bottles/plan-cleanup.ts";
import { removeLabel } from "../bottles/remove-label.ts";
import { type RemoveOptions, removeState } from "../bottles/remove-state.ts";
import { settleBottle } from "../bottles/settle-bottle.ts";
import { findAbandonedScratch, removeScratchFolder } from "../workspace/scratch-folder.ts";
import { isQuiet } from "./is-quiet.ts";

/** Looks at everything on this machine and decides what a clean-up would remove. */
export async function planMachineCleanup(
  context: Context,
  backends: readonly Backend[],
  rules: CleanupRules,
): Promise<CleanupPlan> {
  const { state } = context.paths;
  const now = context.clock.now();
  // Guests first: one that starts in between is then found with its holder, not without.
  const guests = (await Promise.all(backends.map((backend) => backend.list()))).flat();
  const [bottles, labels, halfMade, trials, scratch] = await Promise.all([
    listBottles(state),
    listLabels(state),
    findLeftovers(state, now),
    findAbandonedTrials(context.paths.cache),
    findAbandonedScratch(context.uid),
  ]);
  const why = "the process that git ran for is gone";
  const leftovers = [...halfMade, ...trials, ...scratch.map((path) => ({ kind: "scratch", path, why }) as const)];
  return planCleanup({ bottles, guests, labels, leftovers, now }, rules);
}

/** One removal that did not work, and why. */
export type FailedRemoval = { readonly removal: Removal; readonly error: unknown };

/** Carries a clean-up out, in its order; one that fails does not stop the others. */
export async function applyCleanup(
  context: Context,
  backends: readonly Backend[],
  plan: CleanupPlan,
): Promise<readonly FailedRemoval[]> {
  const failed: FailedRemoval[] = [];
  const guests = () => failed.flatMap(({ removal }) => (removal.kind === "guest" ? [removal.guest.slug] : []));
  for (const removal of plan.removals) {
    context.signal.throwIfAborted();
    // its results may still be in it: they come to the folder that this would remove
    if ("slug" in removal && guests().includes(removal.slug)) continue;
    try {
      await remove(context, backends, removal);
    } catch (error) {
      failed.push({ removal, error });
    }
  }
  return failed;
}

async function removeLeftover({ kind, path }: Leftover, options: RemoveOptions): Promise<void> {
  switch (kind) {
    case "folder":
      return removeState(path, options);
    case "file":
      return removeFile(path);
    case "scratch":
      return removeScratchFolder(path, run, false);
  }
}

async function remove(context: Context, backends: readonly Backend[], removal: Removal): Promise<void> {
  const options = { uid: context.uid, ids: systemIds, isQuiet };
  switch (removal.kind) {
    case "guest":
      await backends.find(({ name }) => name === removal.guest.backend)?.remove(removal.guest);
      return;
    case "state":
      return removeState(removal.folder, options);
    case "settle": {
      const bottle = (await listBottles(context.paths.state)).find(({ slug }) => slug === removal.slug);
      if (bottle?.record === undefined) return;
      return settleBottle(bottle.folders, bottle.record, context.clock.now(), options);
    }
    case "label":
      await removeLabel(removal.path, await readHolder(context.pid));
      return;
    case "leftover":
      return removeLeftover(removal.leftover, options);
  }
}
