import type { DetectorName } from "./detectors-table.ts";
import type { Detector } from "./finding.ts";
import { type KnownValue, makeKnownValueDetector } from "./known-values.ts";
import { makeEntropyDetector } from "./scan-entropy.ts";
import { makePaymentDetector } from "./scan-payments.ts";
import { makeTokenDetector } from "./scan-tokens.ts";

/** Detectors by their names. */
export type Detectors = {
  /** Those of these names, in this order. Throws for a name that there is none of: nothing passes unsearched. */
  named(names: readonly string[]): readonly Detector[];
};

/** Every detector: those of the table, for these values of the bottle, and those that had to be loaded. */
export function makeDetectors(values: readonly KnownValue[], loaded: readonly Detector[]): Detectors {
  const own: readonly (Detector & { readonly name: DetectorName })[] = [
    { ...makeKnownValueDetector(values), name: "known" },
    { ...makeTokenDetector(), name: "tokens" },
    { ...makePaymentDetector(), name: "payment" },
    { ...makeEntropyDetector(), name: "entropy" },
  ];
  const all: ReadonlyMap<string, Detector> = new Map([...own, ...loaded].map((detector) => [detector.name, detector]));
  return {
    named: (names) =>
      names.map((name) => {
        const detector = all.get(name);
        if (detector === undefined) throw new Error(`no detector ${name}`);
        return detector;
      }),
  };
}
