import type { Detector, Finding } from "./finding.ts";
import { scanDeeply } from "./scan-deeply.ts";
import { VIEW_LIMITS } from "./views.ts";

/** So little that only what is meant to exhaust a search exceeds its limits, bytes */
const SMALLEST = 8 * 1024;
/** What two halves have in common, bytes */
const OVERLAP = 2 * 1024;
/** Bytes that may come out of one byte: what holds for 256 KiB holds for each part of it */
const MOST_RATIO = 256;

/**
 * Like `scanDeeply`, but leaves nothing out: where more is encoded than the limits of one search allow, the halves are searched
 * by themselves, so that nobody can hide a token behind a thousand harmless texts; what is too much even then is a finding.
 */
export function scanWholly(bytes: Buffer, detectors: readonly Detector[]): readonly Finding[] {
  const seen = { cut: false };
  const limits = { ...VIEW_LIMITS, bytes: Math.min(VIEW_LIMITS.bytes, Math.max(SMALLEST, bytes.length) * MOST_RATIO) };
  const findings = scanDeeply(bytes, detectors, limits, () => {
    seen.cut = true;
  });
  if (!seen.cut) return findings;
  if (bytes.length <= SMALLEST) return [...findings, makeBomb(bytes.length)];
  const middle = bytes.length >> 1;
  const start = middle - OVERLAP;
  const second = scanWholly(bytes.subarray(start), detectors).map((one) => ({ ...one, offset: one.offset + start }));
  return unite([...findings, ...scanWholly(bytes.subarray(0, middle), detectors), ...second]);
}

function unite(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((one) => [`${one.rule} ${one.offset} ${one.digest}`, one])).values()];
}

function makeBomb(length: number): Finding {
  return {
    ...{ rule: "decoding-bomb", provider: "any", encodings: [], offset: 0, length },
    ...{ excerpt: `… (${length} characters)`, example: false, digest: "" },
  };
}
