import type { Finding } from "../detect/finding.ts";
import { type KnownValue, makeKnownValueDetector } from "../detect/known-values.ts";
import { scanDeeply } from "../detect/scan-deeply.ts";
import { makeTokenDetector } from "../detect/scan-tokens.ts";
import { VIEW_LIMITS } from "../detect/views.ts";
import type { Scan } from "../git-gate/push-finding.ts";

/** So little that the limits of a search leave nothing of it out, bytes */
const SMALLEST = 8 * 1024;
/** What two halves have in common, bytes */
const OVERLAP = 2 * 1024;

/**
 * Finds what must not be pushed: what this very bottle was given, and tokens of the known forms, under any encoding. Where
 * so much is encoded that something would be left out, the halves are searched by themselves: nobody can hide a token
 * behind a thousand harmless ones.
 */
export function makePushScan(values: readonly KnownValue[]): Scan {
  const detectors = [makeKnownValueDetector(values), makeTokenDetector()];
  const scan: Scan = (bytes) => {
    const seen = { cut: false };
    const findings = scanDeeply(bytes, detectors, VIEW_LIMITS, () => {
      seen.cut = true;
    });
    if (!seen.cut || bytes.length <= SMALLEST) return findings;
    const middle = bytes.length >> 1;
    const start = middle - OVERLAP;
    const second = scan(bytes.subarray(start)).map((one) => ({ ...one, offset: one.offset + start }));
    return unite([...findings, ...scan(bytes.subarray(0, middle)), ...second]);
  };
  return scan;
}

function unite(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((one) => [`${one.rule} ${one.offset} ${one.digest}`, one])).values()];
}
