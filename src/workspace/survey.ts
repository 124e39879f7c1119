import type { LeftOut } from "../plan/plan.ts";

/** What a copy of a folder would take, found without changing or executing anything of it. */
export type WorkspaceSurvey = {
  /** Root that is copied: the repository's, or the folder itself */
  readonly root: string;
  readonly kind: "git" | "folder";
  /** Where the operator stands inside the root, `/` between parts, empty at the root itself */
  readonly subfolder: string;
  readonly branch: string | undefined;
  readonly entries: readonly SurveyEntry[];
  /** Sum over files */
  readonly bytes: number;
  readonly leftOut: readonly LeftOut[];
  readonly owner: { readonly uid: number; readonly gid: number };
};

/** One file or symbolic link that goes in. */
export type SurveyEntry = {
  /** Relative to the root, `/` between parts */
  readonly path: string;
  readonly kind: "file" | "link";
  readonly bytes: number;
};
