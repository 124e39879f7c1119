/** What made something wait for a person. */
export type HoldKind = "egress-match" | "git-finding";

/** One thing that was found, without what it is. */
export type HeldFinding = {
  /** Row of the table of detectors, such as `github-token` */
  readonly detector: string;
  /** Where it stands: `body`, `src/key.ts:12` */
  readonly place: string;
  /** What may be shown of it */
  readonly excerpt: string;
  /** Names the value without telling it; an approval is remembered by it */
  readonly digest: string;
};

/** Something that a person is asked to let pass. */
export type Question = {
  readonly kind: HoldKind;
  /** What waits, as one line: `POST https://api.example.com/v1/notes` */
  readonly title: string;
  /** The same for a program, part by part: `host`, `method`, `path` … */
  readonly about: Readonly<Record<string, string>>;
  /** Where an approval of these values counts: a route, a repository */
  readonly scope: string;
  /** The same in words for whoever answers: `any host under example.com`, `pushes to app` */
  readonly covers: string;
  readonly findings: readonly HeldFinding[];
};

/** What became of a question. */
export type Decision =
  | { readonly kind: "approved" }
  | { readonly kind: "rejected"; readonly reason: string | undefined }
  /** Nobody answered in time */
  | { readonly kind: "timed-out"; readonly afterMs: number }
  /** Whoever asked is gone, or the bottle has ended */
  | { readonly kind: "withdrawn" }
  /** Too many wait already, or came too fast */
  | { readonly kind: "not-asked" };

/** Who is asked. What asks knows nothing else of how questions reach a person. */
export type Supervisor = {
  /** Whether somebody watches this bottle, and may be asked without having been named in the manifest */
  readonly attended: boolean;
  /** Waits for an answer, for its time to be up, or for the signal; never throws. */
  ask(question: Question, signal: AbortSignal): Promise<Decision>;
  /** Whether the value was approved before. */
  isApproved(scope: string, digest: string): boolean;
};
