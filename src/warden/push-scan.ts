import { type KnownValue, makeKnownValueDetector } from "../detect/known-values.ts";
import { scanDeeply } from "../detect/scan-deeply.ts";
import { makeTokenDetector } from "../detect/scan-tokens.ts";
import { scanWholly } from "../detect/scan-wholly.ts";
import { VIEW_LIMITS } from "../detect/views.ts";
import type { Scan } from "../git-gate/push-finding.ts";

/** Finds what must not be pushed: what this very bottle was given, and tokens of the known forms, under any encoding. */
export function makePushScan(values: readonly KnownValue[]): Scan {
  const detectors = [makeKnownValueDetector(values), makeTokenDetector()];
  return (bytes, onCut) =>
    onCut === undefined ? scanWholly(bytes, detectors) : scanDeeply(bytes, detectors, VIEW_LIMITS, onCut);
}
