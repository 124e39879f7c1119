import type { LeftOut } from "../plan/plan.ts";
import type { TreePath } from "./tree-path.ts";

/** What a copy of a folder would take, found without changing or executing anything of it. */
export type WorkspaceSurvey = {
  /** Root that is copied: the repository's, or the folder itself */
  readonly root: string;
  readonly kind: "git" | "folder";
  /** Where the operator stands inside the root, `/` between parts, empty at the root itself */
  readonly subfolder: string;
  readonly branch: string | undefined;
  readonly entries: readonly SurveyEntry[];
  /** Number of files and links */
  readonly files: number;
  /** Sum over files */
  readonly bytes: number;
  /** Size of the packs a repository's history is taken from, `bytes`; what travels is at most a little more */
  readonly historyBytes: number;
  /** History may also come from the repositories that its `alternates` name */
  readonly mayBorrow: boolean;
  /** Counting stopped early: there is more than `files` and `bytes` say, and this survey cannot be copied */
  readonly truncated: boolean;
  readonly leftOut: readonly LeftOut[];
  readonly owner: { readonly uid: number; readonly gid: number };
};

/** One thing that goes in; a folder is listed only when nothing in it is. */
export type SurveyEntry = TreePath & {
  readonly kind: "file" | "link" | "folder";
  readonly bytes: number;
};
