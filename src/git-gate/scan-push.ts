import type { Finding } from "../detect/finding.ts";
import type { GitEnv } from "./git-process.ts";
import type { RefUpdate } from "./mirror.ts";
import type { Change, NewContent } from "./new-content.ts";
import { readObjects } from "./object-reader.ts";

/** Searches bytes for secrets. */
export type Scan = (bytes: Buffer) => readonly Finding[];

/** A secret that a push would bring to the upstream. */
export type PushFinding = {
  readonly rule: string;
  readonly provider: string;
  /** Where it is, as a person would look for it: `file`, `message of commit`, `name of file` … */
  readonly place: "file" | "file name" | "commit" | "tag" | "ref name";
  readonly commit: string | undefined;
  readonly path: string | undefined;
  readonly line: number | undefined;
  readonly excerpt: string;
  readonly encodings: readonly string[];
  /** Why a person may say that it is none; undefined for a plain finding */
  readonly doubt: "example" | "allow-mark" | undefined;
  /** Who found it; undefined for our own detector */
  readonly by?: "gitleaks";
};

/** What a search came to. */
export type Scanned = { readonly findings: readonly PushFinding[]; readonly known: number; readonly bytes: number };

/** What is searched, and how. */
export type ScanParts = {
  readonly content: NewContent;
  readonly updates: readonly RefUpdate[];
  readonly folder: string;
  readonly env: GitEnv;
  readonly scan: Scan;
  readonly onProgress: (bytes: number) => void;
};

const MOST_FINDINGS = 50;
/** Pieces in which something large is searched, and how far two of them overlap */
const PIECE = 16 * 1024 * 1024;
const OVERLAP = 64 * 1024;
const ALLOW_MARK = /(gitleaks:allow|pragma: ?allowlist|nosecret|trufflehog:ignore|ggignore|detect-secrets)/i;

/** Searches everything that a push brings: every version of every file, names, messages, authors, tags and refs. */
export async function scanPush(parts: ScanParts): Promise<Scanned> {
  const { content, folder, env, onProgress } = parts;
  const byBlob = new Map<string, Change[]>();
  for (const change of content.changes) {
    const known = byBlob.get(change.blob);
    if (known === undefined) byBlob.set(change.blob, [change]);
    else known.push(change);
  }
  const findings: PushFinding[] = [...scanNames(parts)];
  const wanted = content.objects.filter(({ type }) => type !== "tree");
  const pathOf = new Map(wanted.map(({ id, path }) => [id, path]));
  const fresh = new Set(wanted.map(({ id }) => id));
  let bytes = 0;
  let known = 0;
  for await (const object of readObjects(
    wanted.map(({ id }) => id),
    folder,
    env,
  )) {
    bytes += object.size;
    onProgress(bytes);
    for (const finding of scanPieces(object.bytes, parts.scan)) {
      if (findings.length >= MOST_FINDINGS) return { findings, known, bytes };
      const changes = byBlob.get(object.id) ?? [];
      const secret = object.bytes.subarray(finding.offset, finding.offset + finding.length);
      if (object.type === "blob" && (await isKnownUpstream(secret, changes, fresh, folder, env))) known += 1;
      else
        findings.push(placeFinding(finding, object.bytes, object.id, object.type, changes[0], pathOf.get(object.id)));
    }
  }
  return { findings, known, bytes };
}

function* scanPieces(bytes: Buffer, scan: Scan): Generator<Finding> {
  for (let start = 0; ; start += PIECE - OVERLAP) {
    const piece = bytes.subarray(start, start + PIECE);
    for (const finding of scan(piece)) {
      // what lies whole in the overlap was found in the piece before
      if (start > 0 && finding.offset + finding.length <= OVERLAP) continue;
      yield { ...finding, offset: finding.offset + start };
    }
    if (start + PIECE >= bytes.length) return;
  }
}

/** A file that had this very secret in the upstream already tells nobody anything new. */
async function isKnownUpstream(
  secret: Buffer,
  changes: readonly Change[],
  fresh: ReadonlySet<string>,
  folder: string,
  env: GitEnv,
): Promise<boolean> {
  if (changes.length === 0 || secret.length === 0) return false;
  for (const { before } of changes) {
    const old = before.filter((id) => !fresh.has(id));
    let found = false;
    for await (const { type, bytes } of readObjects(old, folder, env))
      found ||= type === "blob" && bytes.includes(secret);
    if (!found) return false;
  }
  return true;
}

function placeFinding(
  finding: Finding,
  bytes: Buffer,
  id: string,
  type: string,
  change: Change | undefined,
  path: string | undefined,
): PushFinding {
  const place = type === "blob" ? "file" : type === "tag" ? "tag" : "commit";
  const before = bytes.subarray(0, finding.offset);
  const lineStart = before.lastIndexOf(10) + 1;
  const lineEnd = bytes.indexOf(10, finding.offset);
  const line = bytes.toString(
    "utf8",
    Math.max(lineStart, finding.offset - 500),
    lineEnd === -1 ? finding.offset + 500 : Math.min(lineEnd, finding.offset + 500),
  );
  return {
    ...common(finding),
    place,
    commit: place === "file" ? change?.commit : id,
    path: place === "file" ? (change?.path ?? path) : undefined,
    line: place === "file" ? countLines(before) + 1 : undefined,
    doubt: finding.example ? "example" : ALLOW_MARK.test(line) ? "allow-mark" : undefined,
  };
}

function* scanNames({ content, updates, scan }: ScanParts): Generator<PushFinding> {
  const seen = new Set<string>();
  // one search for all; only when there is something at all, one by one
  const names: readonly (readonly [PushFinding["place"], string, string | undefined])[] = [
    ...updates.map(({ name }) => ["ref name", name, undefined] as const),
    ...content.changes.map(({ path, commit }) => ["file name", path, commit] as const),
    ...content.objects.map(({ path }) => ["file name", path, undefined] as const),
  ];
  if (scan(Buffer.from(names.map(([, name]) => name).join("\n"))).length === 0) return;
  for (const [place, name, commit] of names) {
    if (name === "" || seen.has(name)) continue;
    seen.add(name);
    for (const finding of scan(Buffer.from(name))) {
      yield {
        ...common(finding),
        place,
        commit,
        path: undefined,
        line: undefined,
        doubt: finding.example ? "example" : undefined,
      };
    }
  }
}

function common({ rule, provider, excerpt, encodings }: Finding) {
  return { rule, provider, excerpt, encodings };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
