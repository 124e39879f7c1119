import type { Context } from "../base/context.ts";
import { type Holder, readHolder } from "../base/holder.ts";
import { systemIds } from "../base/ids.ts";
import type { Scope } from "../base/scope.ts";
import { type ClaimedBottle, claimSlug } from "../bottles/claim-slug.ts";
import type { BottleRecord } from "../bottles/record.ts";
import { removeState } from "../bottles/remove-state.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { isQuiet } from "./is-quiet.ts";

/** A name that is ours, and the state folder under it. */
export type Held = ClaimedBottle & { readonly holder: Holder; keep(): void };

/** Takes the name; unless somebody says `keep`, everything under it is removed with the scope. */
export async function claimBottle(context: Context, plan: BottlePlan, scope: Scope): Promise<Held> {
  const holder = await readHolder(context.pid);
  const base = plan.label ?? plan.bottle.names.join("-");
  const claimed = await claimSlug({
    state: context.paths.state,
    base,
    wanted: plan.slug,
    label: plan.label,
    ids: systemIds,
    holder,
  });
  let kept = false;
  scope.defer(`remove ${claimed.folders.root}`, async () => {
    if (!kept) await removeState(claimed.folders.root, { uid: context.uid, ids: systemIds, isQuiet });
  });
  scope.defer("give the label back", () => claimed.releaseLabel());
  return {
    ...claimed,
    holder,
    keep: () => {
      kept = true;
    },
  };
}

/** The plan under the name that was claimed. */
export function withSlug(plan: BottlePlan, { slug }: ClaimedBottle): BottlePlan {
  return slug === plan.slug ? plan : Object.freeze({ ...plan, slug, guest: { ...plan.guest, hostname: slug } });
}

/** What others are told of a bottle that is starting. */
export function makeRecord(context: Context, plan: BottlePlan, holder: Holder): BottleRecord {
  return {
    version: 1,
    slug: plan.slug,
    label: plan.label,
    bottle: plan.bottle.names.join(" + "),
    agent: plan.agent?.name,
    backend: plan.backend.name,
    source: plan.workspace.mode === "none" ? undefined : plan.workspace.source,
    status: "starting",
    holder,
    startedAt: context.clock.now().toISOString(),
    endedAt: undefined,
    exitCode: undefined,
    results: undefined,
    journal: undefined,
  };
}
