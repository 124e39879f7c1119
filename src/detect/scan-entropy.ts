import { entropyOf } from "./entropy.ts";
import { type Detector, digestSecret, maskSecret } from "./finding.ts";

const CANDIDATE = /[0-9A-Za-z_+/-]{20,512}/g;
const HEX = /^[0-9a-f]+$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Finds what looks drawn at random: letters in both cases mixed with digits. Off unless asked for, commit hashes and the like are no secrets. */
export function makeEntropyDetector(): Detector {
  return {
    name: "entropy",
    scan: (bytes) =>
      [...bytes.toString("latin1").matchAll(CANDIDATE)]
        .filter(({ 0: value }) => isRandom(value))
        .map(({ 0: value, index }) => ({
          ...{ rule: "high-entropy", provider: "any", encodings: [], offset: index, length: value.length },
          ...{ excerpt: maskSecret(value), example: false, digest: digestSecret(value) },
        })),
  };
}

function isRandom(value: string): boolean {
  if (HEX.test(value) || UUID.test(value)) return false;
  if (!/[0-9]/.test(value) || !/[a-z]/.test(value) || !/[A-Z]/.test(value)) return false;
  const changes = [...value].filter(
    (character, at) => at > 0 && kindOf(character) !== kindOf(value[at - 1] ?? ""),
  ).length;
  return changes >= value.length * 0.4 && entropyOf(value) >= 3.8;
}

function kindOf(character: string): number {
  if (/[0-9]/.test(character)) return 0;
  return /[a-z]/.test(character) ? 1 : /[A-Z]/.test(character) ? 2 : 3;
}
