import { scanDeeply } from "../../src/detect/scan-deeply.ts";
import { makeTokenDetector } from "../../src/detect/scan-tokens.ts";

/** One labelled line. */
export type SecretCase = {
  readonly id: string;
  /** The rule of the corpus that the line was written for */
  readonly rule: string;
  readonly input: string;
  readonly expected: "detect" | "clean";
  /** Rules of the corpus' own tool that find something in the line all the same */
  readonly gitleaks_hits?: readonly string[];
};

/** A line that was judged otherwise than its label says. */
export type Miss = { readonly id: string; readonly input: string; readonly found: readonly string[] };

/** How a corpus was judged. */
export type CorpusResult = {
  readonly detected: number;
  readonly missed: readonly Miss[];
  readonly clean: number;
  /** Clean lines in which something was found */
  readonly falsePositives: readonly (Miss & { readonly alsoElsewhere: boolean })[];
  readonly recall: number;
  /** Of all clean lines */
  readonly falsePositiveRate: number;
  /** Of the clean lines in which the corpus' own tool finds nothing either, by whatever rule */
  readonly strictlyClean: { readonly lines: number; readonly rate: number };
  readonly byRule: Readonly<Record<string, { detected: number; missed: number; clean: number; flagged: number }>>;
};

/** Searches every line of a corpus as a request's body is searched by default. */
export function evaluateCorpus(cases: readonly SecretCase[]): CorpusResult {
  const detectors = [makeTokenDetector()];
  const missed: Miss[] = [];
  const falsePositives: (Miss & { alsoElsewhere: boolean })[] = [];
  const byRule: Record<string, { detected: number; missed: number; clean: number; flagged: number }> = {};
  let [positives, clean, strict] = [0, 0, 0];
  for (const { id, rule, input, expected, gitleaks_hits: elsewhere = [] } of cases) {
    const found = [...new Set(scanDeeply(Buffer.from(input), detectors).map((finding) => finding.rule))];
    const row = byRule[rule] ?? { detected: 0, missed: 0, clean: 0, flagged: 0 };
    byRule[rule] = row;
    if (expected === "detect") {
      positives++;
      if (found.length > 0) row.detected++;
      else {
        row.missed++;
        missed.push({ id, input, found });
      }
      continue;
    }
    clean++;
    if (elsewhere.length === 0) strict++;
    if (found.length === 0) row.clean++;
    else {
      row.flagged++;
      falsePositives.push({ id, input, found, alsoElsewhere: elsewhere.length > 0 });
    }
  }
  const strictFlagged = falsePositives.filter(({ alsoElsewhere }) => !alsoElsewhere).length;
  return {
    detected: positives - missed.length,
    missed,
    clean,
    falsePositives,
    recall: ratio(positives - missed.length, positives, 1),
    falsePositiveRate: ratio(falsePositives.length, clean, 0),
    strictlyClean: { lines: strict, rate: ratio(strictFlagged, strict, 0) },
    byRule,
  };
}

function ratio(part: number, whole: number, ofNothing: number): number {
  return whole === 0 ? ofNothing : part / whole;
}
