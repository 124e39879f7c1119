import type { FirstKey, LeftOut, PlannedBackend, PlannedLimits } from "./plan.ts";
import type { ProviderFacts } from "./planned-provider.ts";

/** What was found out about this machine before anything was decided. */
export type HostFacts = {
  /** The backend that was chosen among those that work here */
  readonly backend: PlannedBackend;
  readonly limits: Pick<PlannedLimits, "heldBy" | "why">;
  /** Undefined for a shell */
  readonly provider: ProviderFacts | undefined;
  /** Folder with one folder per image of ours, each with its Dockerfile */
  readonly imagesFolder: string;
  /** Undefined when the folder was not looked at, as for a bottle without a workspace */
  readonly workspace: WorkspaceFacts | undefined;
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean };
  /** Root of the repository that the operator stands in, if any */
  readonly repository: string | undefined;
  readonly caller: { readonly uid: number; readonly gid: number };
  /** Keys of the servers of remotes that no manifest pins, and those among them that nobody has accepted yet */
  readonly hostKeys: { readonly byRemote: ReadonlyMap<string, string>; readonly first: readonly FirstKey[] };
  /** Names of the host's environment variables that have a value; never the values */
  readonly variables: ReadonlySet<string>;
};

/** What a look at the workspace came to. */
export type WorkspaceFacts = {
  readonly root: string;
  readonly kind: "git" | "folder";
  /** Where the operator stands inside the root, empty at the root itself */
  readonly subfolder: string;
  readonly branch: string | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly leftOut: readonly LeftOut[];
  readonly owner: { readonly uid: number; readonly gid: number };
};
