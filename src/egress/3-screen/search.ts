import { openBackgroundScan } from "../../detect/background/background-scan.ts";
import type { Detector, Finding } from "../../detect/finding.ts";
import type { KnownValue } from "../../detect/known-values.ts";
import { makeDetectors } from "../../detect/make-detectors.ts";
import { scanQuickly } from "../../detect/scan-quickly.ts";
import { makeRefusal } from "../refusal.ts";
import { refuseFull } from "./refuse-finding.ts";
import { ScreenedOut } from "./screened-out.ts";

/** Searches what leaves, here where that is quickly done, and else on a thread of its own. */
export type Search = {
  /** What these detectors find, places included. Throws `ScreenedOut` for what cannot be searched: nothing passes unsearched. */
  find(bytes: Buffer, detectors: readonly string[]): Promise<readonly Finding[]>;
  /** Ends the thread; what is still searched is refused. */
  close(): Promise<void>;
};

const SLICE_BYTES = 256 * 1024;
/** What two slices have in common, so that nothing up to this length is cut */
const OVERLAP_BYTES = 16 * 1024;
/** Time for a whole text, waiting for other texts not counted, `ms` */
const LIMIT_MS = 20_000;

/** A search for the bottle's own values and everything else that its routes may ask for. */
export function makeSearch(values: readonly KnownValue[], loaded: readonly Detector[], limitMs = LIMIT_MS): Search {
  const detectors = makeDetectors(values, loaded);
  const thread = openBackgroundScan({ values, secretlint: loaded.some(({ name }) => name === "secretlint") });
  const findSlowly = async (bytes: Buffer, names: readonly string[]): Promise<readonly Finding[]> => {
    const findings: Finding[] = [];
    let left = limitMs;
    // slice by slice, so that texts of other connections have their turn in between
    for (let from = 0; ; from += SLICE_BYTES - OVERLAP_BYTES) {
      const end = Math.min(bytes.length, from + SLICE_BYTES);
      const result = await thread.search({ bytes: bytes.subarray(from, end), detectors: names }, left);
      if (result.kind === "unsearched") throw new ScreenedOut(refuseUnsearched(result.why));
      for (const finding of result.findings) findings.push({ ...finding, offset: finding.offset + from });
      if (end === bytes.length) return findings;
      left = Math.max(1, left - result.ms);
    }
  };
  return {
    find: async (bytes, names) => scanQuickly(bytes, detectors.named(names)) ?? findSlowly(bytes, names),
    close: () => thread.close(),
  };
}

function refuseUnsearched(why: "too slow" | "too many" | "failed") {
  if (why === "too many") return refuseFull();
  const how = why === "too slow" ? "takes too long to search" : "could not be searched";
  const message = `what it holds ${how}, and nothing leaves that was not`;
  return makeRefusal(
    "egress/not-searched",
    "screening",
    message,
    "send it in smaller parts, or packed in a simpler way",
  );
}
