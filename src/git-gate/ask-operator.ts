/** One thing that a person has to look at, masked. */
export type HeldThing = {
  /** Rule that found it, or what runs a file */
  readonly what: string;
  /** Where it stands: file, line, commit */
  readonly place: string;
  /** What may be shown of it */
  readonly excerpt: string;
  /** Names its content without telling it */
  readonly digest: string;
};

/** A push that only a person can let through. */
export type PushQuestion = {
  readonly repo: string;
  /** Names of the refs that would change, masked */
  readonly refs: readonly string[];
  readonly things: readonly HeldThing[];
  /** Whether the bottle says that a person is asked; otherwise only one who watches it is */
  readonly named: boolean;
};

/** What a person decided, or why nobody did. */
export type PushDecision =
  | { readonly kind: "approved" }
  | { readonly kind: "rejected"; readonly why: string }
  | { readonly kind: "unanswered"; readonly why: string };

/** Asks a person about a push. Must not throw; ends early when `signal` is aborted. */
export type AskOperator = (question: PushQuestion, signal: AbortSignal) => Promise<PushDecision>;
