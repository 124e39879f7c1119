import type { DetectorName } from "../../detect/detectors-table.ts";
import type { Detector, Finding } from "../../detect/finding.ts";
import type { KnownValue } from "../../detect/known-values.ts";
import { findOverEncoding } from "../../detect/over-encoding.ts";
import { scanHostLabels } from "../../detect/scan-host.ts";
import { makeTokenDetector } from "../../detect/scan-tokens.ts";
import type { Route } from "../../manifest/bottle.ts";
import type { Supervisor } from "../../supervise/hold.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { canBeAsked, scopeOf } from "./can-be-asked.ts";
import { makeSearch } from "./search.ts";
import { makeSplitMemory } from "./split-memory.ts";
import type { NamedPiece } from "./values.ts";

/** Searches everything that one bottle sends. */
export type Screener = {
  /** What is found in the bytes on this route. Like the others, throws `ScreenedOut` for what cannot be searched. */
  scan(bytes: Buffer, compiled: CompiledRoute): Promise<readonly Finding[]>;
  /** What the host and the target say that no detector reads: data in freely chosen labels, encoding for its own sake. */
  scanTarget(host: string, target: string, compiled: CompiledRoute): Finding | undefined;
  /** What the pieces of one message, and of those before it, make up together. */
  join(host: string, pieces: readonly NamedPiece[], compiled: CompiledRoute): Promise<Finding | undefined>;
  /** The same for what was joined before and found clean: only what came before it can be new. */
  note(host: string, pieces: readonly NamedPiece[], compiled: CompiledRoute): Promise<Finding | undefined>;
  /** Whether any value was let pass so far. */
  readonly hasApproved: boolean;
  /** A short text without the values that were let pass. */
  clear(bytes: Buffer, compiled: CompiledRoute): Promise<Buffer>;
  /** Searches nothing any more. */
  close(): Promise<void>;
  readonly held: HeldBytes;
  /** For what bodies unpack to, which is many times what was sent */
  readonly unpacked: HeldBytes;
};

/** Whether a value was let pass before, where the scope says. */
type IsApproved = Supervisor["isApproved"];

/** Memory for bodies that are held until they are screened. */
export type HeldBytes = { take(bytes: number): boolean; give(bytes: number): void };

const HELD_BYTES = 32 * 1024 * 1024;
/** Twice what one body may unpack to */
const UNPACKED_BYTES = 64 * 1024 * 1024;
const DEFAULT_DETECTORS: readonly string[] = ["known", "tokens"] satisfies readonly DetectorName[];
const JOINED_BYTES = 4 * 1024;
/** Texts that hold more approved values than this many scans find are not let pass */
const MOST_ROUNDS = 8;
/** Parts of a message that are tried as one word */
const NEIGHBOURS = 4;

/** Names of the detectors that search requests of a route; the bottle's own secrets are looked for everywhere. */
export function detectorNamesOf({ dlp }: Route): readonly string[] {
  return [...new Set(["known", ...(dlp.outboundDetectors ?? DEFAULT_DETECTORS)])];
}

/** A screener that knows the bottle's own secrets, and which values a person has let pass. */
export function makeScreener(
  values: readonly KnownValue[],
  isApproved: IsApproved,
  loaded: readonly Detector[],
  search = makeSearch(values, loaded),
): Screener {
  const memory = makeSplitMemory(values, makeTokenDetector());
  let hasApproved = false;
  const blank = (bytes: Buffer, findings: readonly Finding[], compiled: CompiledRoute): Buffer | undefined => {
    const cleared = blankApproved(bytes, findings, compiled, isApproved);
    hasApproved ||= cleared !== undefined;
    return cleared;
  };
  const clearFully = async (bytes: Buffer, compiled: CompiledRoute, detectors = detectorNamesOf(compiled.route)) => {
    for (let left = bytes, round = 0; ; round++) {
      const findings = await search.find(left, detectors);
      const cleared = blank(left, findings, compiled);
      if (cleared === undefined || round === MOST_ROUNDS) return { findings, left };
      left = cleared;
    }
  };
  const joinOnce = async (pieces: readonly NamedPiece[], compiled: CompiledRoute): Promise<Finding | undefined> => {
    const joined = Buffer.from(pieces.map(({ value }) => value).join(""));
    if (pieces.length < 2) return undefined;
    const small = joined.length <= JOINED_BYTES;
    const detectors = small ? detectorNamesOf(compiled.route).filter((name) => name !== "entropy") : ["known"];
    for (const text of small ? [joined, joinNeighbours(pieces)] : [joined]) {
      const [found] = (await clearFully(text, compiled, detectors)).findings;
      if (found !== undefined) return { ...found, encodings: ["split", ...found.encodings] };
    }
    return undefined;
  };
  const note = async (host: string, pieces: readonly NamedPiece[], compiled: CompiledRoute) => {
    for (const { name, value, ofNames } of pieces) {
      // what was let pass is no part of anything; most bottles never let anything pass
      const rest = hasApproved ? (await clearFully(Buffer.from(value), compiled)).left.toString() : value;
      const split = memory.add(host, { name, value: rest, ...(ofNames && { ofNames }) });
      if (split !== undefined) return split;
    }
    return undefined;
  };
  return {
    scan: async (bytes, compiled) => (await clearFully(bytes, compiled)).findings,
    scanTarget: (host, target, compiled) => {
      const wanted = compiled.route.dlp.outboundDetectors ?? DEFAULT_DETECTORS;
      if (!wanted.includes("tokens")) return undefined;
      const fixed = compiled.route.host.startsWith("*.") ? compiled.route.host.length - 1 : host.length;
      const labels = host.slice(0, -fixed).split(".");
      return scanHostLabels(labels, wanted.includes("entropy")) ?? findOverEncoding(target);
    },
    join: async (host, pieces, compiled) => {
      const values = pieces.filter(({ ofNames }) => ofNames !== true);
      const inPath = values.filter(({ name }) => name.startsWith("/"));
      const others = values.filter((piece) => !inPath.includes(piece));
      const texts = inPath.length === 0 || others.length === 0 ? [values] : [values, others];
      const names = pieces.filter(({ ofNames }) => ofNames === true).map(({ name, value }) => splitNames(name, value));
      for (const part of [...texts, ...names]) {
        const found = await joinOnce(part, compiled);
        if (found !== undefined) return found;
      }
      return note(host, pieces, compiled);
    },
    note,
    get hasApproved() {
      return hasApproved;
    },
    clear: async (bytes, compiled) => (await clearFully(bytes, compiled)).left,
    close: () => search.close(),
    held: makeHeldBytes(HELD_BYTES),
    unpacked: makeHeldBytes(UNPACKED_BYTES),
  };
}

function splitNames(name: string, value: string): readonly NamedPiece[] {
  return value.split(".").map((one) => ({ name, value: one }));
}

/** The bytes without what a person let pass, so that nothing hides behind it; undefined when there is none of that. */
function blankApproved(
  bytes: Buffer,
  findings: readonly Finding[],
  compiled: CompiledRoute,
  isApproved: IsApproved,
): Buffer | undefined {
  const approved = findings.filter((finding) => canBeAsked(finding) && isApproved(scopeOf(compiled), finding.digest));
  if (approved.length === 0) return undefined;
  const copy = Buffer.from(bytes);
  for (const { offset, length } of approved) copy.fill(0x20, offset, offset + length);
  return copy;
}

/** Every few neighbours that could be parts of one word, each on a line of its own: what stands around a token counts. */
function joinNeighbours(pieces: readonly NamedPiece[]): Buffer {
  const words = pieces.map(({ value }) => (/^[\x21-\x7e]{3,}$/.test(value) ? value : ""));
  const lines: string[] = [];
  for (let first = 0; first < words.length; first++) {
    let line = words[first] ?? "";
    for (let last = first + 1; last < first + NEIGHBOURS && words[last] && line !== ""; last++) {
      line += words[last];
      lines.push(line);
    }
  }
  return Buffer.from(lines.join("\n"));
}

function makeHeldBytes(most: number): HeldBytes {
  let used = 0;
  return {
    take: (bytes) => {
      if (used + bytes > most) return false;
      used += bytes;
      return true;
    },
    give: (bytes) => {
      used -= bytes;
    },
  };
}
