import type { DetectorName } from "../../detect/detectors-table.ts";
import type { Detector, Finding } from "../../detect/finding.ts";
import { type KnownValue, makeKnownValueDetector } from "../../detect/known-values.ts";
import { scanDeeply } from "../../detect/scan-deeply.ts";
import { makeEntropyDetector } from "../../detect/scan-entropy.ts";
import { makePaymentDetector } from "../../detect/scan-payments.ts";
import { makeTokenDetector } from "../../detect/scan-tokens.ts";
import type { CompiledRoute } from "../2-route/compiled-policy.ts";
import { makeSplitMemory } from "./split-memory.ts";
import type { NamedPiece } from "./values.ts";

/** Searches everything that one bottle sends. */
export type Screener = {
  /** What is found in the bytes on this route; long ones in slices, so that other work goes on meanwhile. */
  scan(bytes: Buffer, compiled: CompiledRoute): Promise<readonly Finding[]>;
  /** What the pieces of one message, and of those before it to the same host, make up together. */
  join(host: string, pieces: readonly NamedPiece[], compiled: CompiledRoute): Finding | undefined;
  readonly held: HeldBytes;
};

/** Memory for bodies that are held until they are screened. */
export type HeldBytes = { take(bytes: number): boolean; give(bytes: number): void };

const SLICE_BYTES = 256 * 1024;
const OVERLAP_BYTES = 16 * 1024;
const HELD_BYTES = 32 * 1024 * 1024;
const DEFAULT_DETECTORS: readonly string[] = ["known", "tokens"] satisfies readonly DetectorName[];
const JOINED_BYTES = 4 * 1024;

/** A screener that knows the bottle's own secrets. */
export function makeScreener(values: readonly KnownValue[]): Screener {
  const known = makeKnownValueDetector(values);
  const others: readonly Detector[] = [makeTokenDetector(), makePaymentDetector(), makeEntropyDetector()];
  const memory = makeSplitMemory(values);
  const detectorsOf = ({ route }: CompiledRoute): readonly Detector[] => {
    const wanted = route.dlp.outboundDetectors ?? DEFAULT_DETECTORS;
    return [known, ...others.filter(({ name }) => wanted.includes(name))];
  };
  return {
    scan: async (bytes, compiled) => {
      const detectors = detectorsOf(compiled);
      if (bytes.length <= SLICE_BYTES) return scanDeeply(bytes, detectors);
      const findings: Finding[] = [];
      for (let from = 0; from < bytes.length; from += SLICE_BYTES - OVERLAP_BYTES) {
        for (const finding of scanDeeply(bytes.subarray(from, from + SLICE_BYTES), detectors)) {
          findings.push({ ...finding, offset: finding.offset + from });
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      return findings;
    },
    join: (host, pieces, compiled) => {
      const joined = Buffer.from(pieces.map(({ value }) => value).join(""));
      const detectors =
        joined.length <= JOINED_BYTES ? detectorsOf(compiled).filter(({ name }) => name !== "entropy") : [known];
      const [found] = pieces.length > 1 ? scanDeeply(joined, detectors) : [];
      if (found !== undefined) return { ...found, encodings: ["split", ...found.encodings] };
      for (const { name, value } of pieces) {
        const secret = memory.add(`${host} ${name}`, value) ?? memory.add(host, value);
        if (secret !== undefined) return splitFinding(secret);
      }
      return undefined;
    },
    held: makeHeldBytes(HELD_BYTES),
  };
}

function splitFinding(provider: string): Finding {
  const place = { offset: 0, length: 0, excerpt: `[${provider}]`, example: false };
  return { rule: "known-value", provider, encodings: ["split over requests"], ...place };
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
