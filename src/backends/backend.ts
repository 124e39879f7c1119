import type { Server } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Slug } from "../base/ids.ts";
import type { Exit } from "../base/process.ts";
import type { Scope } from "../base/scope.ts";
import type { SecretValue } from "../base/secret-value.ts";
import type { ImageRecipe } from "../images/build-image.ts";
import type { BackendName } from "../manifest/bottle.ts";
import type { HandOver } from "../plan/hand-over.ts";
import type { LinkService } from "../plan/link-ports.ts";
import type { GuestLayout, PlannedLimits } from "../plan/plan.ts";

/** A way to isolate. Every backend fills this form; one contract suite holds them all to it. */
export interface Backend {
  readonly name: BackendName;
  /**
   * Finds out whether this machine can do it; `deep` also tries the real thing, which `quick` does only where nothing else
   * can tell. Quick unless told. Never throws.
   */
  probe(signal?: AbortSignal, depth?: "quick" | "deep"): Promise<Probe>;
  /**
   * Makes ready what guests are made from; a backend that builds no images needs nothing. Doing it again costs little when
   * nothing has changed.
   */
  prepare(image: GuestImage | undefined, watch: PrepareWatch): Promise<Prepared>;
  /** Does beforehand what makes later starts from it faster; undefined where nothing can be gained. Never on the way of a start. */
  hasten?(prepared: Prepared, watch: PrepareWatch): Promise<Prepared | undefined>;
  /** What `prepare` will give if nothing has changed since it was last done, without asking anybody; undefined when unknown. */
  expect?(image: GuestImage): Promise<Prepared | undefined>;
  /** Makes a guest that is ready to run commands; everything it opens is registered in the scope. */
  create(spec: GuestSpec, scope: Scope): Promise<Guest>;
  /**
   * Guests on this machine, found by their label and not by memory. Throws `backend/not-available` where nobody can be asked
   * for them: that is not the same as none.
   */
  list(): Promise<readonly GuestRef[]>;
  /** Ends a guest and removes what it left; doing it twice is no error. */
  remove(ref: GuestRef): Promise<void>;
}

/** How a preparation is watched and stopped. */
export type PrepareWatch = {
  readonly signal: AbortSignal | undefined;
  /** Called with each line that a builder prints */
  readonly onLine: ((line: string) => void) | undefined;
  /** Called with what the operator should know about a preparation that goes on */
  readonly onWarning?: ((text: string) => void) | undefined;
};

/** What an image is built from, and how it gets to where guests are made. */
export type GuestImage = ImageRecipe & { readonly handOver?: HandOver };

/** What guests are made from: the content id of an image, where there is one. */
export type Prepared = {
  readonly image: string | undefined;
  /** Makes ready what works wherever this fails, which it is told */
  readonly instead?: (failure: Error) => Promise<Prepared>;
};

/** What a probe found: usable and how strong, or why not and the command that mends it. */
export type Probe = {
  readonly backend: BackendName;
  readonly usable: boolean;
  /** One line for the preflight, such as `bubblewrap 0.8.0: namespaces, seccomp, no capabilities` */
  readonly strength: string | undefined;
  /** What would hold memory and cpus of a bottle, or why nothing does */
  readonly limits: Pick<PlannedLimits, "heldBy" | "why">;
  readonly checks: readonly ProbeCheck[];
};

/** One row of `bottle doctor`. */
export type ProbeCheck = {
  readonly name: string;
  readonly outcome: "ok" | "warning" | "failed" | "skipped";
  readonly detail: string;
  /** The command or change that mends it */
  readonly fix: string | undefined;
};

/** Numeric user and group that a guest's files have on the host. */
export type GuestOwner = { readonly uid: number; readonly gid: number };

/** What a guest is made from. */
export type GuestSpec = {
  readonly slug: Slug;
  /** What `prepare` gave; undefined for a backend without images */
  readonly image?: string | undefined;
  /** Also from there: what to do when no guest can be made from it */
  readonly instead?: Prepared["instead"];
  /**
   * Where `image` is only what `prepare` is expected to give: does it, once. A guest may be begun with the one, but nothing is
   * put into it and nothing runs in it unless the other is the same.
   */
  readonly prepare?: () => Promise<Prepared>;
  /** Terminal of the command that will be run first, so that a backend may make ready for it; undefined when nobody knows */
  readonly first?: Pick<GuestCommand, "terminal">;
  readonly layout: GuestLayout;
  /** Folder on the host that becomes the home folder inside; empty at first, owned by whoever made it */
  readonly homeFolder: string;
  readonly workspace:
    | { readonly kind: "folder"; readonly path: string }
    | { readonly kind: "mount"; readonly path: string; readonly owner: { readonly uid: number; readonly gid: number } }
    | { readonly kind: "none" };
  /**
   * Puts files into the home and workspace folders, owned as told, while the guest is made around them; rejects with the
   * signal's reason where that stopped it. Without it, what is in the folders already is given to the guest
   */
  readonly fill?: (owner: GuestOwner, signal: AbortSignal) => Promise<void>;
  /** Folder on the host for what the backend itself must keep for this guest; private */
  readonly scratch: string;
  readonly limits: PlannedLimits;
  /** Folders bound read-only at the same path */
  readonly tools: readonly string[];
  /** The agent's program, first on the PATH; nothing of it can be changed inside */
  readonly program?: GuestProgram;
  /** What answers from outside on the guest's own loopback, each at its port; nothing is opened without */
  readonly link?: readonly LinkService[];
  /** Files below `/etc` that are there before the first command and that nothing inside can change */
  readonly files?: readonly GuestFile[];
};

/** A program of the host that a guest gets by this name: a folder with a `bin`, or one file. */
export type GuestProgram =
  | { readonly kind: "folder"; readonly name: string; readonly path: string }
  | { readonly kind: "file"; readonly name: string; readonly path: string };

/** A file that a guest finds in its `/etc`; readable for everything inside, so never a secret. */
export type GuestFile = { readonly path: string; readonly content: string | Uint8Array };

/** A guest as it can be found again by another process. */
export type GuestRef = { readonly backend: BackendName; readonly slug: Slug; readonly detail: string };

/** Servers that already listen inside a guest, by what has to answer there. */
export type Listeners = { readonly [Service in LinkService]?: Server };

/** A running guest. */
export interface Guest {
  readonly ref: GuestRef;
  /** Numeric owner that the guest's files have on the host */
  readonly owner: GuestOwner;
  /** What listens inside for the services of the link; the guest's loopback leads nowhere else */
  readonly listeners: Listeners;
  /** Starts a command inside; resolves when it runs. Throws `launch/failed` when it cannot. */
  exec(command: GuestCommand): Promise<GuestProcess>;
  /** Ends everything inside within two seconds; doing it twice is no error. */
  stop(): Promise<void>;
  /** Why a command was killed that nobody outside has killed; undefined when nothing is known of it. */
  explainKill?(): Promise<string | undefined>;
  /**
   * Brings the workspace of a guest that is stopped into the folder it came from; what has not changed there stays
   * untouched. Nothing is to be done where guest and host share the folder.
   */
  collect(): Promise<void>;
}

/** A command for a guest. */
export type GuestCommand = {
  readonly argv: readonly string[];
  /** Added to the guest's own few variables; values never appear in an argv or a file */
  readonly env: ReadonlyMap<string, string | SecretValue>;
  readonly cwd: string;
  readonly terminal: { readonly columns: number; readonly rows: number; readonly term: string } | undefined;
};

/** A command that runs inside a guest. */
export type GuestProcess = GuestStreams & {
  /** Resolves once, with the command's own exit code or signal */
  readonly exit: Promise<Exit>;
  /** Sends a signal to the command itself. */
  kill(signal: NodeJS.Signals): void;
};

/** Its streams: three pipes, or one terminal. */
export type GuestStreams =
  | { readonly kind: "pipes"; readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable }
  | { readonly kind: "terminal"; readonly terminal: GuestTerminal };

/** The bottle's own terminal, seen from outside. */
export type GuestTerminal = {
  readonly input: Writable;
  readonly output: Readable;
  resize(columns: number, rows: number): void;
};
