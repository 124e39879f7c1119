import { lstatSync, opendirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { systemErrorCode } from "../base/errors.ts";

/** What every file and folder of a workspace looked like at one moment, by names and `lstat` alone. */
export type Baseline = {
  /** What cannot be forged from inside (inode, change time) by path, one character per byte */
  readonly marks: ReadonlyMap<string, string>;
};

/** How a workspace differs from a baseline. */
export type Changes = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Some of the paths, to show; text from inside a bottle, one character per byte */
  readonly examples: readonly string[];
  /** Counting stopped early: there are more */
  readonly more: boolean;
};

/** Number of differences after which nobody needs to know how many there are. */
const MAX_CHANGES = 10_000;
const MAX_EXAMPLES = 20;

/**
 * Files that reading alone rewrites: `git status` refreshes the index. Staging anything also leaves a new object, so
 * nothing that was made is overlooked.
 */
const REWRITTEN_BY_READING = [".git/index"];

/** Takes the marks of a workspace; nothing of the bottle may be running. */
export async function readBaseline(folder: string): Promise<Baseline> {
  const marks = new Map<string, string>();
  for await (const [path, mark] of walkMarks(folder)) marks.set(path, mark);
  return { marks };
}

/**
 * Says what was added, changed or removed in a workspace since its baseline. Modification times can be set by whoever owns
 * a file, change times and inodes cannot. Follows no link and opens no file; nothing of the bottle may be running.
 */
export async function findChanges(folder: string, since: Baseline, maxChanges = MAX_CHANGES): Promise<Changes> {
  const examples: string[] = [];
  const seen = new Set<string>();
  let added = 0;
  let changed = 0;
  const note = (path: string) => {
    if (examples.length < MAX_EXAMPLES) examples.push(path);
  };
  for await (const [path, mark] of walkMarks(folder)) {
    const before = since.marks.get(path);
    seen.add(path);
    if (before === mark || REWRITTEN_BY_READING.includes(path)) continue;
    if (before === undefined) added += 1;
    else changed += 1;
    note(path);
    if (added + changed >= maxChanges) return { added, changed, removed: 0, examples, more: true };
  }
  const removed = [...since.marks.keys()].filter((path) => !seen.has(path) && !REWRITTEN_BY_READING.includes(path));
  for (const path of removed) note(path);
  return { added, changed, removed: removed.length, examples, more: false };
}

/** Whether anything differs at all. */
export function hasChanges(changes: Changes): boolean {
  return changes.added + changes.changed + changes.removed > 0;
}

async function* walkMarks(folder: string): AsyncGenerator<readonly [string, string]> {
  const open = [""];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    await setImmediate();
    try {
      for (const name of namesIn(bytesPath(folder, at))) {
        const path = at === "" ? name : `${at}/${name}`;
        const found = lstatSync(bytesPath(folder, path), { bigint: true });
        // a folder's own times change with every temporary file in it; what is in it is looked at anyway
        if (found.isDirectory()) open.push(path);
        yield [path, found.isDirectory() ? `folder ${found.mode}` : `${found.ino} ${found.ctimeNs} ${found.mode}`];
      }
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      yield [`${at}/`, "unreadable"]; // a path no baseline has: it counts as added
    }
  }
}

/** One name after the other, however many there are. */
function* namesIn(path: Buffer): Generator<string> {
  const folder = opendirSync(path, { encoding: "latin1" });
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) yield entry.name;
  } finally {
    folder.closeSync();
  }
}

function bytesPath(folder: string, path: string): Buffer {
  return path === "" ? Buffer.from(folder) : Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, "latin1")]);
}
