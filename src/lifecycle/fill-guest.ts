import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { writeOwnedFile } from "../base/files.ts";
import { run } from "../base/process.ts";
import type { BottleFolders } from "../bottles/bottle-folders.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { copyWorkspace } from "../workspace/copy-workspace.ts";
import { type Baseline, readBaseline } from "../workspace/find-changes.ts";
import type { WorkspaceSurvey } from "../workspace/survey.ts";
import { makeHomeFiles } from "./home-files.ts";

/** What a guest is filled from and for. */
export type Filling = {
  readonly plan: BottlePlan;
  readonly survey: WorkspaceSurvey | undefined;
  readonly folders: BottleFolders;
  /** Numeric owner that the guest's files have on the host */
  readonly owner: { readonly uid: number; readonly gid: number };
};

/** What was put in, as it looked before the command ran; undefined when nothing was copied. */
export type Filled = { readonly baseline: Baseline | undefined };

/** Puts the workspace and a few settings into a guest that runs nothing yet. */
export async function fillGuest(context: Context, { plan, survey, folders, owner }: Filling): Promise<Filled> {
  const given = owner.uid === context.uid ? undefined : owner;
  for (const { path, text } of makeHomeFiles(plan.git.user))
    await writeOwnedFile(join(folders.home, path), text, given);
  if (survey === undefined) return { baseline: undefined };
  await copyWorkspace(survey, folders.workspace, {
    run,
    uid: context.uid,
    signal: context.signal,
    ...(given === undefined ? {} : { owner: given }),
  });
  return { baseline: await readBaseline(folders.workspace) };
}
