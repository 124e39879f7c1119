import type { Slug } from "../base/ids.ts";
import type { BackendName, Egress, EnvEntry, GitRepo, HomeConfig } from "../manifest/bottle.ts";
import type { HandOver } from "./hand-over.ts";
import type { PlannedProvider } from "./planned-provider.ts";

/** Everything a start will do, decided before anything is done: what the preflight shows, `--dry-run --json` prints and the backends apply. */
export type BottlePlan = {
  readonly version: 1;
  readonly slug: Slug;
  readonly label: string | undefined;
  readonly color: string | undefined;
  readonly agent: PlannedAgent | undefined;
  /** Undefined for a shell and whatever is named on the command line of one */
  readonly provider: PlannedProvider | undefined;
  readonly bottle: { readonly names: readonly string[]; readonly files: readonly string[] };
  readonly backend: PlannedBackend;
  /** What a container is made from; undefined on a backend without images */
  readonly image: PlannedImage | undefined;
  readonly command: PlannedCommand;
  readonly env: readonly EnvEntry[];
  readonly workspace: PlannedWorkspace;
  readonly limits: PlannedLimits;
  readonly guest: GuestLayout;
  /** Folders of toolchains, bound read-only at the same path */
  readonly tools: readonly string[];
  readonly git: {
    readonly user: { readonly name: string; readonly email: string };
    readonly remotes: readonly GitRepo[];
    /** Keys of servers that nobody has accepted yet; applying the plan accepts those that were shown */
    readonly firstKeys: readonly FirstKey[];
  };
  readonly egress: Egress;
  /** What is asked for and refused is recorded, for `bottle learn` */
  readonly observe: boolean;
  readonly config: Pick<HomeConfig, "extraCa" | "upstreamProxy" | "resolve">;
  /** Features of the design that are off because this version has not built them */
  readonly off: readonly string[];
  /** Lines the operator must have seen, most important first */
  readonly warnings: readonly string[];
};

/** A server of a remote whose key is not known. */
export type FirstKey = {
  readonly remote: string;
  /** `[HOST]:PORT` */
  readonly server: string;
  /** What it showed; undefined when it was not asked, as for a dry run */
  readonly shown: { readonly key: string; readonly fingerprint: string } | undefined;
};

/** The agent part of a plan. */
export type PlannedAgent = {
  readonly name: string;
  readonly file: string;
  readonly origin: "home" | "repository";
  readonly skills: readonly string[];
  readonly prompt: string;
};

/** The isolation that was chosen, and how strong it is. */
export type PlannedBackend = {
  readonly name: BackendName;
  readonly strength: string;
  /** Who asked for it; undefined when it is simply the default here */
  readonly because: string | undefined;
};

/** The Dockerfile of a bottle, and the folder that it may copy from. */
export type PlannedImage = {
  readonly dockerfile: string;
  readonly context: string;
  readonly tag: string;
  /** How machines get it; undefined on a backend that takes it from the engine itself */
  readonly handOver?: HandOver;
};

/** What is run inside, without a shell. */
export type PlannedCommand = {
  readonly argv: readonly string[];
  readonly interactive: boolean;
  /** Text that is its standard input; undefined for the operator's own */
  readonly input: string | undefined;
};

/** How the current folder gets in. */
export type PlannedWorkspace =
  | {
      readonly mode: "copy";
      readonly source: string;
      readonly kind: "git" | "folder";
      /** Where the command starts, relative to the workspace; empty at its root */
      readonly subfolder: string;
      readonly branch: string | undefined;
      readonly files: number;
      readonly bytes: number;
      readonly leftOut: readonly LeftOut[];
    }
  | { readonly mode: "mount"; readonly source: string; readonly owner: { readonly uid: number; readonly gid: number } }
  | { readonly mode: "none" };

/** A file that stays outside, and why. */
export type LeftOut = {
  /** Relative to the workspace, `/` between parts */
  readonly path: string;
  readonly why:
    | "looks-like-secret"
    | "excluded"
    | "special-file"
    | "link-out"
    | "unreadable"
    | "nested-repository"
    | "own-settings";
};

/** Limits as they will be enforced; `memory.by` says plainly when nothing enforces it. */
export type PlannedLimits = {
  readonly pids: number;
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly timeMs: number | undefined;
  /** What holds memory and cpus: a control group, the size of a virtual machine (which counts no processes), or nothing */
  readonly heldBy: "cgroup" | "machine" | "nothing";
  /** Why nothing does, when nothing does */
  readonly why: string | undefined;
};

/** Where things are inside; the same on every backend. */
export type GuestLayout = {
  readonly user: "node";
  readonly uid: 1000;
  readonly gid: 1000;
  readonly home: "/home/node";
  readonly workspace: "/home/node/workspace";
  readonly hostname: string;
};

/** The one layout of a guest. */
export const GUEST_LAYOUT: Omit<GuestLayout, "hostname"> = {
  user: "node",
  uid: 1000,
  gid: 1000,
  home: "/home/node",
  workspace: "/home/node/workspace",
};
