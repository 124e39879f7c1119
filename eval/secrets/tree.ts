import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Finding } from "../../src/detect/finding.ts";
import { scanDeeply } from "../../src/detect/scan-deeply.ts";
import { makeTokenDetector } from "../../src/detect/scan-tokens.ts";

const SLICE_BYTES = 256 * 1024;
const OVERLAP_BYTES = 16 * 1024;
const SKIPPED: ReadonlySet<string> = new Set([".git", ".cache", "coverage"]);

/** What was found in the files of a folder. */
export type TreeResult = {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly flagged: readonly { readonly file: string; readonly findings: readonly Finding[] }[];
  /** Files in which something was found, of all */
  readonly share: number;
};

/** Searches every file below a folder, links not followed. A folder named `node_modules` is a tree of its own. */
export function scanTree(folder: string): TreeResult {
  const detectors = [makeTokenDetector()];
  const flagged: { file: string; findings: readonly Finding[] }[] = [];
  let [files, bytes] = [0, 0];
  for (const file of listFiles(folder)) {
    const content = readFileSync(file);
    files++;
    bytes += content.length;
    const findings: Finding[] = [];
    for (let from = 0; from === 0 || from < content.length; from += SLICE_BYTES - OVERLAP_BYTES) {
      for (const finding of scanDeeply(content.subarray(from, from + SLICE_BYTES), detectors)) {
        findings.push({ ...finding, offset: finding.offset + from });
      }
    }
    if (findings.length > 0) flagged.push({ file: relative(folder, file), findings });
  }
  return { folder, files, bytes, flagged, share: files === 0 ? 0 : flagged.length / files };
}

function* listFiles(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    if (SKIPPED.has(name) || name === "node_modules") continue;
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) yield* listFiles(path);
    else if (stat.isFile()) yield path;
  }
}
