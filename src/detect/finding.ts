import { createHmac, randomBytes } from "node:crypto";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

/** A place in a text that looks like a secret; never the secret itself. */
export type Finding = {
  /** Row of the table, such as `github-token`, or `known-value` */
  readonly rule: string;
  /** Who gives such secrets out */
  readonly provider: string;
  /** How it was hidden, outermost first: `base64`, `gzip` … ; empty when it stood there plainly */
  readonly encodings: readonly string[];
  /** First byte of it, or of what it was decoded from */
  readonly offset: number;
  /** Bytes of it, or of what it was decoded from */
  readonly length: number;
  /** A few characters of it, the rest replaced; safe to print */
  readonly excerpt: string;
  /** Whether it is one of those that documentation is written with */
  readonly example: boolean;
  /** The same for the same secret as long as this process runs, and says nothing about it; empty for one that has none */
  readonly digest: string;
};

/** Searches bytes for secrets of one kind. Must not throw, whatever the bytes are. */
export type Detector = {
  readonly name: string;
  scan(bytes: Buffer): readonly Finding[];
  /** The same, and what one pass tells of the bytes read backwards as well; whoever has it is not asked about them in vain */
  scanBothWays?(bytes: Buffer): BothWays;
};

/** What is found in bytes, and whether anything may be found in them when they are read backwards. */
export type BothWays = { readonly findings: readonly Finding[]; readonly backwards: boolean };

const SHOWN = 4;
/** Known to this process alone, so that nobody can try secrets against a digest; the same in all of its threads */
const DIGEST_KEY = shareDigestKey();
const EXAMPLE = /example|sample|dummy|placeholder|fake|changeme/i;

/** What may be shown of a secret: its first characters when it is long enough, and its length. */
export function maskSecret(text: string): string {
  const start = text.length >= SHOWN * 4 ? text.slice(0, SHOWN).replace(/[^\x21-\x7e]/g, "?") : "";
  return `${start}… (${text.length} characters)`;
}

/** A name for a secret by which it is known again, and not more. */
export function digestSecret(text: string): string {
  return createHmac("sha256", DIGEST_KEY).update(text).digest("base64url");
}

function shareDigestKey(): Uint8Array {
  const name = "bot-bottle: key of digests";
  const given = getEnvironmentData(name);
  if (given instanceof Uint8Array && given.length === 32) return given;
  const made = Uint8Array.from(randomBytes(32));
  setEnvironmentData(name, made);
  return made;
}

/** Whether a secret says of itself that it is none. */
export function isExample(text: string): boolean {
  return EXAMPLE.test(text);
}
