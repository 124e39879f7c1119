import type { GuestOwner } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { readHolder } from "../base/holder.ts";
import { run } from "../base/process.ts";
import type { BottleFolders } from "../bottles/bottle-folders.ts";
import { hasWayOut } from "../plan/has-way-out.ts";
import type { BottlePlan } from "../plan/plan.ts";
import type { SeedFile } from "../plan/planned-provider.ts";
import { type CopyResult, copyWorkspace } from "../workspace/copy-workspace.ts";
import { type Baseline, readBaseline } from "../workspace/find-changes.ts";
import type { WorkspaceSurvey } from "../workspace/survey.ts";
import { makeHomeFiles } from "./home-files.ts";
import { seedHome } from "./seed-home.ts";

/** What a guest is filled from and for. */
export type Filling = {
  readonly plan: BottlePlan;
  readonly survey: WorkspaceSurvey | undefined;
  /** Files of the agent program for the home folder */
  readonly files: readonly SeedFile[];
  readonly folders: BottleFolders;
  readonly owner: GuestOwner;
  readonly signal: AbortSignal;
};

/** What was put in; undefined when nothing was copied. */
export type Filled = { readonly skipped: CopyResult["skipped"]; readonly baseline: Baseline } | undefined;

/** Puts the workspace and a few settings into the folders of a guest in which nothing runs yet. */
export async function fillGuest(
  context: Context,
  { plan, survey, files, folders, owner, signal }: Filling,
): Promise<Filled> {
  const given = owner.uid === context.uid ? undefined : owner;
  await seedHome(folders.home, [...makeHomeFiles(plan.git, hasWayOut(plan)), ...files], given);
  if (survey === undefined) return undefined;
  const { skipped } = await copyWorkspace(survey, folders.workspace, {
    run,
    uid: context.uid,
    holder: await readHolder(context.pid),
    signal: AbortSignal.any([signal, context.signal]),
    ...(given === undefined ? {} : { owner: given }),
  });
  return { skipped, baseline: await readBaseline(folders.workspace) };
}
