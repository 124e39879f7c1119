import type { SecretValue } from "../base/secret-value.ts";
import type { EgressLimits, EgressLog, HomeConfig, Route } from "../manifest/bottle.ts";

/** What one bottle may reach, with its credentials at hand. */
export type EgressPolicy = {
  readonly routes: readonly PolicyRoute[];
  /** Names that are dialled at exactly this address and port */
  readonly resolve: HomeConfig["resolve"];
  /** Certificates that are trusted besides the system's, PEM */
  readonly extraCaPem: string | undefined;
  /** `http://[user:password@]host:port` of a company proxy */
  readonly upstreamProxy: string | undefined;
  readonly log: EgressLog;
  /** Every kind of request that is refused is written down once, however many come */
  readonly observe?: boolean;
  readonly limits: EgressLimits & {
    /** Time for a connection outwards, TLS included, `ms` */
    readonly connectTimeoutMs: number;
  };
};

/** A route as it was written, and the credential it adds. */
export type PolicyRoute = {
  readonly route: Route;
  /** There exactly when the route has `auth` */
  readonly credential: SecretValue | undefined;
  /** There for a host of the bottle's agent program */
  readonly agent?: AgentRoute;
};

/** What is special about requests to the service behind an agent program; the tokens of its answers are counted. */
export type AgentRoute = {
  /** Values that comma-separated headers of its requests must list */
  readonly lists: readonly { readonly name: string; readonly value: string }[];
};
