import type { Detector, Finding } from "./finding.ts";
import { openViews, VIEW_LIMITS, type ViewLimits } from "./views.ts";

/** Everything that detectors find in bytes and in what they mean once encodings are undone; places are those of the original. */
export function scanDeeply(
  bytes: Buffer,
  detectors: readonly Detector[],
  limits: ViewLimits = VIEW_LIMITS,
  onCut?: () => void,
): readonly Finding[] {
  const findings = new Map<string, Finding>();
  for (const view of openViews(bytes, limits, onCut)) {
    for (const detector of detectors) {
      for (const finding of detector.scan(view.bytes)) {
        const place = view.locate(finding.offset, finding.length);
        const key = `${finding.rule} ${place.offset} ${finding.digest}`;
        if (!findings.has(key)) {
          findings.set(key, { ...finding, ...place, encodings: [...view.encodings, ...finding.encodings] });
        }
      }
    }
  }
  return [...findings.values()];
}
