/** Detectors that a route may name; `known` always works. */
export const DETECTOR_NAMES = ["known", "tokens", "payment", "entropy", "secretlint"] as const;

/** Name of one detector. */
export type DetectorName = (typeof DETECTOR_NAMES)[number];
