import type { Finding } from "../detect/finding.ts";
import { scanSlices } from "../detect/scan-slices.ts";
import { type Baseline, makeBaseline } from "./baseline.ts";
import type { GitEnv } from "./git-process.ts";
import { groupSmall, isClean } from "./group-small.ts";
import type { Change, NewContent, NewObject } from "./new-content.ts";
import { type GitObject, readObjects } from "./object-reader.ts";
import { isOwnValue, judgeDoubt, type PushFinding, type Scan } from "./push-finding.ts";
import type { RefUpdate } from "./send-updates.ts";

/** What a search came to. */
export type Scanned = {
  readonly findings: readonly PushFinding[];
  /** Whether it ended early, with more findings than anybody would look at */
  readonly cut: boolean;
  readonly bytes: number;
};

/** What is searched, and how. */
export type ScanParts = {
  readonly content: NewContent;
  readonly updates: readonly RefUpdate[];
  readonly folder: string;
  readonly env: GitEnv;
  readonly scan: Scan;
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
};

const MOST_FINDINGS = 50;
/** As many as a detector tells of at most: there may be more, so none of them is taken for an old one */
const CROWDED = 100;
/** Characters of a line on either side of a finding that are looked at */
const LINE_REACH = 500;

/** Searches everything that a push brings: every version of every file, names, messages, authors, tags and refs. */
export async function scanPush(parts: ScanParts): Promise<Scanned> {
  const { content, folder, env, scan, signal, onProgress } = parts;
  const changes = groupByBlob(content.changes);
  const wanted = inOrderOfChanges(content.objects, changes);
  const baseline = makeBaseline(new Set(wanted.map(({ id }) => id)), folder, env);
  const pathOf = new Map(wanted.map(({ id, path }) => [id, path]));
  const findings: PushFinding[] = await scanNames(parts);
  const ids = wanted.map(({ id }) => id);
  let bytes = 0;
  const search = async (object: GitObject): Promise<"done" | "cut"> => {
    const places = { changes: changes.get(object.id) ?? [], path: pathOf.get(object.id) };
    for await (const { end, finding } of scanObject(object, places.changes, baseline, parts)) {
      if (finding !== undefined) findings.push(placeFinding(finding, object, places));
      if (findings.length >= MOST_FINDINGS) {
        bytes += end;
        return "cut";
      }
      onProgress(bytes + end);
    }
    bytes += object.size;
    return "done";
  };
  for await (const group of groupSmall(readObjects(ids, folder, env))) {
    signal.throwIfAborted();
    if (group.together && isClean(group, scan)) {
      bytes += group.objects.reduce((sum, { size }) => sum + size, 0);
      onProgress(bytes);
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    for (const object of group.objects) if ((await search(object)) === "cut") return { findings, cut: true, bytes };
  }
  return { findings, cut: findings.length >= MOST_FINDINGS, bytes };
}

function groupByBlob(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const byBlob = new Map<string, Change[]>();
  for (const change of changes) {
    const known = byBlob.get(change.blob);
    if (known === undefined) byBlob.set(change.blob, [change]);
    else known.push(change);
  }
  return byBlob;
}

/** Oldest versions first; what no change names comes before all. */
function inOrderOfChanges(
  objects: readonly NewObject[],
  changes: ReadonlyMap<string, readonly Change[]>,
): readonly NewObject[] {
  const place = new Map([...changes.keys()].map((id, index) => [id, index]));
  const wanted = objects.filter(({ type }) => type !== "tree");
  return wanted.sort((a, b) => (place.get(a.id) ?? -1) - (place.get(b.id) ?? -1));
}

/** Every finding that is new to the upstream, and after each slice how far the search is. */
async function* scanObject(
  { id, type, bytes }: GitObject,
  changes: readonly Change[],
  baseline: Baseline,
  { scan, signal }: ScanParts,
): AsyncGenerator<{ readonly end: number; readonly finding: Finding | undefined }> {
  for await (const { end, findings, total } of scanSlices(bytes, scan)) {
    signal.throwIfAborted();
    for (const finding of findings) {
      const stretch = bytes.subarray(finding.offset, finding.offset + finding.length);
      const mayBeOld = type === "blob" && !isOwnValue(finding) && total < CROWDED;
      if (mayBeOld && (await baseline.knows(stretch, id, changes))) continue;
      yield { end, finding };
    }
    yield { end, finding: undefined };
  }
}

function placeFinding(
  finding: Finding,
  { id, type, bytes }: GitObject,
  { changes: [change], path }: { readonly changes: readonly Change[]; readonly path: string | undefined },
): PushFinding {
  const doubt = judgeDoubt(finding, lineAround(bytes, finding.offset));
  if (type !== "blob") {
    const place = type === "tag" ? "tag" : "commit";
    return { ...common(finding), place, commit: id, path: undefined, line: undefined, doubt };
  }
  const line = countLines(bytes.subarray(0, finding.offset)) + 1;
  return { ...common(finding), place: "file", commit: change?.commit, path: change?.path ?? path, line, doubt };
}

function lineAround(bytes: Buffer, at: number): string {
  const start = bytes.subarray(0, at).lastIndexOf(10) + 1;
  const end = bytes.indexOf(10, at);
  return bytes.toString(
    "utf8",
    Math.max(start, at - LINE_REACH),
    Math.min(end === -1 ? bytes.length : end, at + LINE_REACH),
  );
}

type Name = { readonly place: PushFinding["place"]; readonly name: string; readonly commit: string | undefined };

/** All names in one search; only where there is something at all, one by one. */
async function scanNames({ content, updates, scan, signal }: ScanParts): Promise<PushFinding[]> {
  const names = new Map<string, Name>();
  const add = (place: Name["place"], name: string, commit?: string): void => {
    if (name !== "" && !names.has(name)) names.set(name, { place, name, commit });
  };
  for (const { name } of updates) add("ref name", name);
  for (const { path, commit } of content.changes) add("file name", path, commit);
  for (const { path, commit } of content.folders) add("file name", path, commit);
  for (const { path } of content.objects) add("file name", path);
  const findings: PushFinding[] = [];
  for (const some of inGroups([...names.values()])) {
    signal.throwIfAborted();
    if (scan(Buffer.from(some.map(({ name }) => name).join("\n"))).length === 0) continue;
    for (const { place, name, commit } of some) {
      for (const finding of scan(Buffer.from(name))) {
        const doubt = judgeDoubt(finding, "");
        findings.push({ ...common(finding), place, commit, path: undefined, line: undefined, doubt });
      }
      if (findings.length >= MOST_FINDINGS) return findings;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return findings;
}

/** So few that nothing about their encodings is left out */
const NAMES_AT_ONCE = 200;

function* inGroups(names: readonly Name[]): Generator<readonly Name[]> {
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) yield names.slice(at, at + NAMES_AT_ONCE);
}

function common({ rule, provider, excerpt, encodings, digest }: Finding) {
  return { rule, provider, excerpt, encodings, digest };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
