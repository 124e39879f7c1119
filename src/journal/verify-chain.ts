import { renderCanonicalJson } from "../base/canonical-json.ts";
import type { Slug } from "../base/ids.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../base/parse-json.ts";
import { type ChainEnd, hashEntry, makeEmptyChain, sha256 } from "./chain.ts";

/** What a journal is held against. */
export type ChainExpectation = {
  readonly slug: Slug;
  /** Where the chain is known to have reached, if that was kept somewhere else */
  readonly end?: ChainEnd | undefined;
};

/** What came of holding a journal against its own hashes. */
export type ChainVerdict =
  | { readonly kind: "intact"; readonly end: ChainEnd }
  /** A crash cut the last line short; everything before it is intact */
  | { readonly kind: "torn"; readonly line: number; readonly end: ChainEnd }
  | {
      readonly kind: "broken";
      /** First line that is not what was written, from 1 */
      readonly line: number;
      readonly why: "changed" | "removed" | "reordered" | "truncated" | "other-bottle";
      readonly detail: string;
    };

type Line = JsonObject & { readonly seq: number; readonly prev: string; readonly hash: string };

/**
 * Checks the lines of a journal, without their line ends, and tells the first at which the chain breaks. The hashes are not
 * keyed: they show accidents and clumsy hands, and, with an end kept elsewhere, any hand that could not reach that.
 */
export function verifyChain(lines: readonly string[], { slug, end: expected }: ChainExpectation): ChainVerdict {
  let end = makeEmptyChain(slug);
  let torn: string[] = [];
  for (const [index, text] of lines.entries()) {
    const line = parseLine(text);
    if (line === undefined) {
      torn.push(text);
      continue;
    }
    const number = index + 1;
    const { hash, ...content } = line;
    if (hash !== hashEntry(content) || text !== renderCanonicalJson(line)) return broken(number, "changed");
    if (line.seq !== end.length) {
      const later = lines.slice(index).some((rest) => parseLine(rest)?.seq === end.length);
      if (torn.length > 0) return broken(number - torn.length, "changed");
      return broken(number, line.seq < end.length || later ? "reordered" : "removed");
    }
    if (line.prev !== end.hash) return broken(number, end.length === 0 ? "other-bottle" : "changed");
    if (explainedBy(line) !== (torn.length === 0 ? undefined : sha256(torn.join("\n")))) {
      return torn.length === 0 ? broken(number, "removed") : broken(number - torn.length, "changed");
    }
    torn = [];
    end = { length: line.seq + 1, hash };
    if (expected?.length === end.length && expected.hash !== hash) return broken(number, "changed");
  }
  if (torn.length > 0) return { kind: "torn", line: lines.length - torn.length + 1, end };
  if (expected !== undefined && expected.length > end.length) return broken(lines.length + 1, "truncated");
  return { kind: "intact", end };
}

const DETAILS = {
  changed: "it is not what was written",
  removed: "what was written before it is missing",
  reordered: "it is not in its place",
  truncated: "everything from here on is missing",
  "other-bottle": "it is from the journal of another bottle",
} as const;

function broken(line: number, why: keyof typeof DETAILS): ChainVerdict {
  return { kind: "broken", line, why, detail: `line ${line}: ${DETAILS[why]}` };
}

/** The hash of the torn lines that an entry speaks of, if it does */
function explainedBy(line: Line): string | undefined {
  const event = line["event"];
  if (!isJsonObject(event) || event["kind"] !== "torn") return undefined;
  return String(event["sha256"]);
}

function parseLine(text: string): Line | undefined {
  const value = parseJsonObject(text);
  if (value === undefined) return undefined;
  const { seq, prev, hash } = value;
  if (typeof seq !== "number" || typeof prev !== "string" || typeof hash !== "string") return undefined;
  return { ...value, seq, prev, hash };
}
