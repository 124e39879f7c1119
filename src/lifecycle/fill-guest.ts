import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { writeOwnedFile } from "../base/files.ts";
import { readHolder } from "../base/holder.ts";
import { run } from "../base/process.ts";
import type { BottleFolders } from "../bottles/bottle-folders.ts";
import type { BottlePlan } from "../plan/plan.ts";
import { type CopyResult, copyWorkspace } from "../workspace/copy-workspace.ts";
import type { WorkspaceSurvey } from "../workspace/survey.ts";
import { makeHomeFiles } from "./home-files.ts";

/** What a guest is filled from. */
export type Filling = {
  readonly plan: BottlePlan;
  readonly survey: WorkspaceSurvey | undefined;
  readonly folders: BottleFolders;
};

/** Puts the workspace and a few settings into the folders of a guest that is not there yet. */
export async function fillGuest(context: Context, { plan, survey, folders }: Filling): Promise<CopyResult | undefined> {
  for (const { path, text } of makeHomeFiles(plan.git.user))
    await writeOwnedFile(join(folders.home, path), text, undefined);
  if (survey === undefined) return undefined;
  const holder = await readHolder(context.pid);
  return copyWorkspace(survey, folders.workspace, { run, uid: context.uid, signal: context.signal, holder });
}
