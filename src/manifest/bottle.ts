/** A bottle with every default filled in: what a program may rely on, no matter how little was written. */
export type Bottle = {
  /** Names it was merged from, left to right */
  readonly names: readonly string[];
  /** Every file that contributed, parents first */
  readonly files: readonly string[];
  readonly env: readonly EnvEntry[];
  readonly provider: Provider;
  readonly gitGate: GitGate;
  readonly egress: Egress;
  readonly supervise: boolean;
  readonly resources: Resources;
  readonly workspace: WorkspaceRules;
  /** Backend the bottle asks for, if it does */
  readonly backend: BackendName | undefined;
  /** Keys that somebody wrote, as dotted paths (`egress.routes`), for features that may not be built yet */
  readonly written: readonly WrittenKey[];
};

/** A key as somebody wrote it, and where. */
export type WrittenKey = {
  readonly path: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
};

/** The ways to isolate. */
export type BackendName = "local" | "docker" | "smolmachines";

/** Names of all backends, in the order in which help texts list them. */
export const BACKEND_NAMES: readonly BackendName[] = ["local", "docker", "smolmachines"];

/** One environment variable that the agent will see. */
export type EnvEntry =
  | { readonly kind: "literal"; readonly name: string; readonly value: string }
  | { readonly kind: "host"; readonly name: string; readonly variable: string }
  | { readonly kind: "prompt"; readonly name: string; readonly question: string };

/** Where a secret comes from; never the secret. */
export type SecretRef =
  | { readonly kind: "env"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly argv: readonly string[] };

/** The coding agent program and its credential. */
export type Provider = {
  readonly template: "shell" | "claude" | "codex" | (string & {});
  readonly dockerfile: string | undefined;
  readonly authToken: SecretRef | undefined;
  /** `pinned`, `installed`, or the path of the program's file */
  readonly program: string;
  /** Command that is run when none is given after `--` */
  readonly command: readonly string[] | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
};

/** The adapter for one more agent program, with every default filled in. */
export type ProviderDefinition = {
  readonly name: string;
  readonly file: string;
  readonly title: string;
  /** The program's file on the host; undefined when it is inside anyway */
  readonly program: string | undefined;
  readonly command: readonly string[];
  readonly takesPrompt: boolean;
  readonly headless: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly hosts: readonly string[];
  readonly credential:
    | {
        readonly variable: string;
        readonly placeholder: string;
        readonly auth:
          | { readonly scheme: Exclude<RouteAuth["scheme"], "header"> }
          | { readonly scheme: "header"; readonly name: string };
      }
    | undefined;
  readonly files: Readonly<Record<string, string>>;
  readonly instructions: string | undefined;
  readonly skills: string | undefined;
};

/** Identity and remotes for git. */
export type GitGate = {
  readonly user: { readonly name: string | undefined; readonly email: string | undefined };
  readonly repos: readonly GitRepo[];
};

/** One upstream repository the agent may use through the gate. */
export type GitRepo = {
  readonly name: string;
  readonly url: string;
  readonly key: string | undefined;
  readonly hostKey: string | undefined;
  /** Token for `https://` upstreams */
  readonly tokenRef: SecretRef | undefined;
  /** Patterns of refs that may be pushed; undefined means the gate's default */
  readonly refs: RefRules | undefined;
  /** What becomes of a push that changes files which run somewhere, such as workflows */
  readonly runFiles: "report" | "hold" | "refuse";
};

/** What may be pushed. */
export type RefRules = {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly force: boolean;
  readonly delete: boolean;
};

/** What may leave. */
export type Egress = { readonly log: EgressLog; readonly routes: readonly Route[]; readonly limits: EgressLimits };

/** How much of each request the journal keeps. */
export type EgressLog = "refusals" | "requests" | "headers" | "bodies";

/** Limits of the proxy for one bottle. */
export type EgressLimits = {
  readonly connections: number;
  /** `ms` */
  readonly headTimeoutMs: number;
  /** `ms` */
  readonly idleTimeoutMs: number;
  /** bytes */
  readonly maxHeadBytes: number;
  /** Largest body of a request, bytes; undefined for any */
  readonly maxBodyBytes: number | undefined;
  /** Time for a person to answer what waits, `ms` */
  readonly holdTimeoutMs: number;
};

/** One egress rule. */
export type Route = {
  /** Exact name or `*.example.com`, lower case */
  readonly host: string;
  readonly ports: readonly number[];
  /** Empty means everything on this host */
  readonly matches: readonly RouteMatch[];
  readonly auth: RouteAuth | undefined;
  readonly inboundCredentials: "strip" | "refuse" | "pass";
  readonly git: { readonly fetch: boolean };
  readonly dlp: {
    readonly outboundDetectors: readonly string[] | undefined;
    readonly inboundDetectors: readonly string[] | undefined;
    readonly inboundOnMatch: "warn" | "block";
    readonly outboundOnMatch: "supervise" | "redact" | "block" | undefined;
  };
  readonly allowPrivate: boolean;
  readonly limits: { readonly bytesPerMinute: number | undefined; readonly requestsPerMinute: number | undefined };
  /** Where it was written, and the preset that was written there, if it was one */
  readonly at: { readonly file: string; readonly line: number; readonly preset?: string };
};

/** One alternative of a route: all parts that are given must hold. */
export type RouteMatch = {
  readonly paths: readonly { readonly type: "exact" | "prefix" | "regex"; readonly value: string }[];
  readonly methods: readonly string[];
  readonly headers: readonly { readonly name: string; readonly value: string | undefined }[];
};

/** Credential that the warden adds outside. */
export type RouteAuth =
  | { readonly scheme: "Bearer" | "token" | "basic"; readonly tokenRef: SecretRef }
  | { readonly scheme: "header"; readonly name: string; readonly tokenRef: SecretRef };

/** Limits; undefined means none was asked for. */
export type Resources = {
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly pids: number;
  readonly diskBytes: number | undefined;
  /** Wall-clock time after which the bottle is ended, `ms` */
  readonly timeMs: number | undefined;
};

/** How the current folder gets in. */
export type WorkspaceRules = {
  readonly mode: "copy" | "mount" | "none";
  /** Patterns left out of the copy */
  readonly exclude: readonly string[];
  /** Patterns brought in although they look like secrets */
  readonly include: readonly string[];
};

/** An agent with every default filled in. */
export type Agent = {
  readonly name: string;
  readonly file: string;
  /** Where it was found; a repository's agent can only name bottles of the home folder */
  readonly origin: "home" | "repository";
  /** Bottles it runs in, merged left to right; empty means the request must name one */
  readonly bottles: readonly string[];
  readonly skills: readonly string[];
  readonly gitUser: { readonly name: string | undefined; readonly email: string | undefined };
  /** System prompt: the Markdown body */
  readonly prompt: string;
  /** Keys that somebody wrote, as in a bottle */
  readonly written: readonly WrittenKey[];
};

/** The machine-wide file `config.yaml`. */
export type HomeConfig = {
  readonly backend: BackendName | undefined;
  /** Path of a PEM file trusted for upstream TLS */
  readonly extraCa: string | undefined;
  readonly upstreamProxy: string | undefined;
  /** Names that are dialled at exactly this address and port */
  readonly resolve: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  /** Folders of toolchains, bound read-only at the same path */
  readonly tools: readonly string[];
  /** Image of the registry that `--hand-over push` pushes to */
  readonly registryImage: string;
};
