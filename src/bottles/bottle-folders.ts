import { join } from "node:path";
import type { Slug } from "../base/ids.ts";

/** Where everything of one bottle is on the host. */
export type BottleFolders = {
  readonly root: string;
  /** Who claimed the slug; there before anything else */
  readonly holder: string;
  readonly record: string;
  readonly plan: string;
  readonly journal: string;
  /** Socket of its warden, there while it runs */
  readonly control: string;
  readonly home: string;
  readonly workspace: string;
  readonly scratch: string;
  /** Mirrors of the git gate */
  readonly git: string;
};

/** Name, inside the state folder, of the folder of label locks */
export const LABELS = ".labels";
/** What a folder that is being claimed is called, before the process that claims it */
export const CLAIMING = ".claiming";
/** Start of the name of a folder that is being removed */
export const REMOVING = ".removing-";

/** The folders of a bottle inside the state folder. */
export function makeBottleFolders(state: string, slug: Slug): BottleFolders {
  return foldersAt(join(state, slug));
}

/** The folders of a bottle whose own folder is `root`. */
export function foldersAt(root: string): BottleFolders {
  return {
    root,
    holder: join(root, "holder.json"),
    record: join(root, "record.json"),
    plan: join(root, "plan.json"),
    journal: join(root, "journal.jsonl"),
    control: join(root, "control.sock"),
    home: join(root, "home"),
    workspace: join(root, "workspace"),
    scratch: join(root, "scratch"),
    git: join(root, "git"),
  };
}
