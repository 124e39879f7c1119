import type { Detector, Finding } from "./finding.ts";
import { scanDeeply } from "./scan-deeply.ts";
import { VIEW_LIMITS, type ViewLimits } from "./views.ts";

/** Longer texts take long however plain they are, bytes */
const LONGEST = 128 * 1024;
const QUICK: ViewLimits = { ...VIEW_LIMITS, bytes: 1024 * 1024, views: 1600, packed: false };

/**
 * What `scanWholly` finds, where that is known after a few milliseconds; undefined for a text that is long, packed or full of
 * encodings, whoever wrote it.
 */
export function scanQuickly(bytes: Buffer, detectors: readonly Detector[]): readonly Finding[] | undefined {
  if (bytes.length > LONGEST) return undefined;
  let cut = false;
  const findings = scanDeeply(bytes, detectors, QUICK, () => {
    cut = true;
  });
  return cut ? undefined : findings;
}
