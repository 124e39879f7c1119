import type { Finding } from "../detect/finding.ts";

/** Searches bytes for secrets: wholly, or, with `onCut`, as far as the limits of one search go, telling when that is not all. */
export type Scan = (bytes: Buffer, onCut?: () => void) => readonly Finding[];

/** Why a person may say that something found is no secret. */
export type Doubt = "example" | "allow-mark";

/** A secret that a push would bring to the upstream. */
export type PushFinding = {
  readonly rule: string;
  readonly provider: string;
  /** Where a person would look for it */
  readonly place: "file" | "file name" | "commit" | "tag" | "ref name";
  readonly commit: string | undefined;
  readonly path: string | undefined;
  readonly line: number | undefined;
  readonly excerpt: string;
  readonly encodings: readonly string[];
  /** Names the secret without telling it; empty for one that nobody is asked about */
  readonly digest: string;
  /** Undefined for a plain finding */
  readonly doubt: Doubt | undefined;
};

const ALLOW_MARK =
  /gitleaks:allow|pragma: ?allowlist|nosecret|trufflehog:ignore|ggignore|detect-secrets|bot-bottle:allow/i;

/** Whether something found says of itself, or the line around it, that it is no secret. */
export function judgeDoubt(finding: Pick<Finding, "digest" | "example">, line: string): Doubt | undefined {
  if (isOwnValue(finding)) return undefined;
  if (finding.example) return "example";
  return ALLOW_MARK.test(line) ? "allow-mark" : undefined;
}

/** Whether something found is a value that the bottle was given: nothing makes it doubtful, and none is ever old. */
export function isOwnValue({ digest }: Pick<Finding, "digest">): boolean {
  return digest === "";
}
