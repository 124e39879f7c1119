import type { TreePath } from "./tree-path.ts";

/** A path that may go in, before anything but its name is known. */
export type Candidate = TreePath & {
  /** In the index of the repository it belongs to */
  readonly tracked: boolean;
  /** A repository inside the repository, by what git says of it */
  readonly nested?: boolean;
  /** A folder with nothing in it, or one that is not to be entered */
  readonly folder?: boolean;
};

/** Candidates of a tree, as far as they were counted. */
export type Candidates = {
  readonly paths: readonly Candidate[];
  /** Folders that could not be listed */
  readonly unreadable: readonly TreePath[];
  readonly truncated: boolean;
};
