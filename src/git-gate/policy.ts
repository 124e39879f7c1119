import type { SecretValue } from "../base/secret-value.ts";
import type { GitRepo } from "../manifest/bottle.ts";

/** What one bottle's git gate serves and lets through, with its credentials at hand. */
export type GatePolicy = {
  readonly repos: readonly GateRepo[];
  /** Start of the names of branches that are the bottle's own, such as `bottle/dev-ab0de/` */
  readonly ownBranches: string;
  /** Folder of the bottle's own mirrors; made and removed by the gate */
  readonly folder: string;
  /** Folder of the objects that bottles of this user share, so that each upstream is fetched once */
  readonly cache: string;
  /** Certificates that are trusted besides the system's, PEM */
  readonly extraCaPem: string | undefined;
  /** `http://[user:password@]host:port` of a company proxy, for `https://` upstreams; may hold a password */
  readonly upstreamProxy: SecretValue | undefined;
  /** Socket of the operator's ssh-agent, for `ssh://` upstreams without a key */
  readonly sshAgent: string | undefined;
  /** Path of gitleaks, which then searches as well */
  readonly gitleaks: string | undefined;
  readonly limits: GateLimits;
};

/** A repository as it was declared, with its credential. */
export type GateRepo = Omit<GitRepo, "tokenRef"> & {
  readonly kind: "ssh" | "https" | "file";
  readonly token: SecretValue | undefined;
};

/** What one push may bring at most, and how long git may take. */
export type GateLimits = {
  /** bytes, packed */
  readonly packBytes: number;
  /** bytes, unpacked */
  readonly totalBytes: number;
  /** bytes, unpacked, of one object: it is searched in memory */
  readonly objectBytes: number;
  readonly objects: number;
  /** Files that its commits change, each as often as it is changed */
  readonly changes: number;
  readonly refs: number;
  /** `ms`, to reach an upstream and list its refs */
  readonly listMs: number;
  /** `ms`, to bring objects from or to an upstream */
  readonly transferMs: number;
};

/** The limits of every bottle: far above what people push, far below what hurts. */
export const GATE_LIMITS: GateLimits = {
  packBytes: 1024 ** 3,
  totalBytes: 4 * 1024 ** 3,
  objectBytes: 256 * 1024 ** 2,
  objects: 500_000,
  changes: 2_000_000,
  refs: 1_000,
  listMs: 60_000,
  transferMs: 30 * 60_000,
};
