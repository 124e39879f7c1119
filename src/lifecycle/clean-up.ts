import type { Backend, GuestRef } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { BottleError } from "../base/errors.ts";
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
import type { BackendName } from "../manifest/bottle.ts";
import { findAbandonedScratch, removeScratchFolder } from "../workspace/scratch-folder.ts";
import { isQuiet } from "./is-quiet.ts";

/** What a clean-up would remove, and what it could not look at. */
export type MachineCleanup = {
  readonly plan: CleanupPlan;
  /** Why a backend could not be asked for its guests */
  readonly unasked: ReadonlyMap<BackendName, BottleError>;
};

/** Looks at everything on this machine and decides what a clean-up would remove. */
export async function planMachineCleanup(
  context: Context,
  backends: readonly Backend[],
  rules: CleanupRules,
): Promise<MachineCleanup> {
  const { state } = context.paths;
  const now = context.clock.now();
  // Guests first: one that starts in between is then found with its holder, not without.
  const { guests, unasked } = await listGuests(backends);
  const [bottles, labels, halfMade, trials, scratch] = await Promise.all([
    listBottles(state),
    listLabels(state),
    findLeftovers(state, now),
    findAbandonedTrials(context.paths.cache),
    findAbandonedScratch(context.uid),
  ]);
  const why = "the process that git ran for is gone";
  const leftovers = [...halfMade, ...trials, ...scratch.map((path) => ({ kind: "scratch", path, why }) as const)];
  const facts = { bottles, guests, unasked: new Set(unasked.keys()), labels, leftovers, now };
  return { plan: planCleanup(facts, rules), unasked };
}

/** One backend that does not answer hides nothing of the others. */
async function listGuests(backends: readonly Backend[]) {
  const unasked = new Map<BackendName, BottleError>();
  const list = async (backend: Backend): Promise<readonly GuestRef[]> => {
    try {
      return await backend.list();
    } catch (error) {
      if (!(error instanceof BottleError)) throw error;
      unasked.set(backend.name, error);
      return [];
    }
  };
  const guests = (await Promise.all(backends.map(list))).flat();
  return { guests, unasked };
}

/** Throws `backend/not-available` when bottles stay because nobody could be asked whether they still run. */
export function refuseUnasked({ plan, unasked }: MachineCleanup): void {
  for (const [backend, error] of unasked) {
    const bottles = plan.kept.filter((kept) => kept.unasked === backend);
    if (bottles.length === 0) continue;
    const which = bottles.length === 1 ? "1 bottle was" : `${bottles.length} bottles were`;
    throw new BottleError("backend/not-available", `${which} not cleaned up: ${backend}: ${error.message}`, {
      hint: `${error.hint === undefined ? "" : `${error.hint}; `}then \`bottle cleanup\` again`,
      cause: error,
    });
  }
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
