import type { Slug } from "../base/ids.ts";
import type { BackendName } from "../manifest/bottle.ts";

/** What happened to one bottle; strings that came from inside are kept as they were and made harmless when shown. */
export type JournalEvent =
  | {
      readonly kind: "start";
      readonly slug: Slug;
      readonly bottle: string;
      readonly backend: BackendName;
      readonly argv: readonly string[];
    }
  | { readonly kind: "running"; readonly owner: number }
  | { readonly kind: "left-out"; readonly paths: readonly string[]; readonly total: number }
  | {
      readonly kind: "exit";
      readonly code: number | undefined;
      readonly signal: string | undefined;
      readonly ms: number;
    }
  | { readonly kind: "timeout"; readonly ms: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** The operator dropped an image on the bottle's terminal, which was copied into it */
  | { readonly kind: "image-given"; readonly name: string; readonly bytes: number }
  | { readonly kind: "cleaned"; readonly what: string }
  /** A crash cut the lines before this one short; they stay where they are, `sha256` is over them */
  | { readonly kind: "torn"; readonly bytes: number; readonly sha256: string }
  | GitEvent
  | ({ readonly kind: "egress-request"; readonly status: number; readonly ms: number } & EgressTarget & {
        /** Body bytes that went out and came back */
        readonly bytes: { readonly out: number; readonly in: number };
        /** It broke off before the answer was whole; `status` is 0 when there was none */
        readonly cut?: true;
        /** Tokens that the answer of a model took */
        readonly tokens?: { readonly input: number; readonly output: number };
        /** With `egress.log: headers` and `bodies`; secrets are masked */
        readonly sent?: LoggedMessage;
        readonly received?: LoggedMessage;
      })
  /** Something was taken out of a request before it left */
  | ({ readonly kind: "egress-redaction"; readonly rule: string } & EgressTarget)
  /** A reply holds what reads like orders to an agent, and passed: its route only warns. `signs` says what gave it away */
  | ({ readonly kind: "egress-injection"; readonly signs: string } & EgressTarget)
  /** Something waits for a person's answer */
  | {
      readonly kind: "hold-asked";
      readonly id: string;
      /** `egress-match` … */
      readonly about: string;
      readonly title: string;
      readonly detectors: readonly string[];
    }
  | ({ readonly kind: "hold-ended"; readonly id: string; readonly ms: number } & HoldEnd)
  | ({
      readonly kind: "egress-refusal";
      /** `egress/host-not-allowed` … */
      readonly code: string;
      readonly rule: string;
      /** Refusals since the event before that were not written down, because there were too many */
      readonly unwritten: number;
    } & Partial<EgressTarget>);

/** Headers of a message, a line each, and the beginning of its body where the bottle's log keeps bodies. */
export type LoggedMessage = { readonly headers: readonly string[]; readonly body?: string };

/** How the wait for a person's answer ended, and who ended it. */
export type HoldEnd = {
  readonly outcome: "approved" | "rejected" | "timed-out" | "withdrawn";
  readonly by?: string;
  readonly reason?: string | undefined;
};

/** What the git gate did. */
export type GitEvent = GitPush | GitFetch;

/** One push that reached the checks of the gate. */
export type GitPush = {
  readonly kind: "git-push";
  readonly repo: string;
  readonly outcome: "passed" | "refused";
  /** What it was refused for; undefined when it passed */
  readonly reason: string | undefined;
  /** Each as `OLD NEW NAME`, as git tells them */
  readonly refs: readonly string[];
  /** How many refs there were, more than are listed perhaps */
  readonly total: number;
  readonly commits: number;
  /** New versions of files */
  readonly files: number;
  /** Bytes that were searched */
  readonly bytes: number;
  /** Where secrets were found; never the secrets */
  readonly findings: readonly string[];
  /** Changed files that run somewhere */
  readonly runFiles: readonly string[];
  /** What whoever pushed was told about the refusal */
  readonly said: readonly string[];
  readonly ms: number;
};

/** One fetch or clone, or an upstream that could not be reached for one. */
export type GitFetch = {
  readonly kind: "git-fetch";
  readonly repo: string;
  readonly outcome: "served" | "failed";
  /** What the upstream said when it failed */
  readonly said: readonly string[];
  readonly ms: number;
};

/** What a request asked for; its query is never kept, and what looks like a key in its path is replaced by its length. */
export type EgressTarget = {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path: string;
};

/** One line of a journal: an event, its place in the chain, and the hash that binds it to the line before. */
export type JournalEntry = {
  /** From 0, without gaps */
  readonly seq: number;
  /** ISO 8601, UTC, `ms` */
  readonly time: string;
  readonly event: JournalEvent;
  /** SHA-256 of the entry before, hex; of the slug for the first */
  readonly prev: string;
  /** SHA-256 over all of the above, hex */
  readonly hash: string;
};
