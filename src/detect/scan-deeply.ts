import type { Detector, Finding } from "./finding.ts";
import type { View } from "./view.ts";
import { isReadBackwards, openViews, VIEW_LIMITS, type ViewLimits } from "./views.ts";

/** Everything that detectors find in bytes and in what they mean once encodings are undone; places are those of the original. */
export function scanDeeply(
  bytes: Buffer,
  detectors: readonly Detector[],
  limits: ViewLimits = VIEW_LIMITS,
  onCut?: () => void,
): readonly Finding[] {
  const findings = new Map<string, Finding>();
  const search = makeSearch(bytes);
  for (const view of openViews(bytes, limits, onCut)) {
    for (const detector of detectors) {
      for (const finding of search(detector, view)) {
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

/** Searches a view; what is known of the text read backwards from reading it forwards is not searched again. */
function makeSearch(bytes: Buffer): (detector: Detector, view: View) => readonly Finding[] {
  const forwardsOnly = new Set<Detector>();
  return (detector, view) => {
    const [first, ...more] = view.encodings;
    if (first === "reversed" && more.length === 0 && forwardsOnly.has(detector)) return [];
    if (first !== undefined || detector.scanBothWays === undefined || !isReadBackwards(bytes)) {
      return detector.scan(view.bytes);
    }
    const { findings, backwards } = detector.scanBothWays(view.bytes);
    if (!backwards) forwardsOnly.add(detector);
    return findings;
  };
}
