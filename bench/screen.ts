// Screening alone, in one process: clean text of this program's sources, the same as a request to a model, and what a loop costs
// that only adds up the bytes.
//   npx tsx bench/screen.ts
import type { Detector } from "../src/detect/finding.ts";
import { makeKnownValueDetector } from "../src/detect/known-values.ts";
import { scanDeeply } from "../src/detect/scan-deeply.ts";
import { loadSecretlintDetector } from "../src/detect/scan-secretlint.ts";
import { makeTokenDetector } from "../src/detect/scan-tokens.ts";
import { sourceText } from "./egress/source-text.ts";

const MS = 1_500;
const known = makeKnownValueDetector([
  { name: "API_TOKEN", value: "sk-bench-0123456789abcdef" },
  { name: "CANARY", value: "q7Xw2Lp9Zt4Rv8Nb3Kc6Md1F" },
]);
const own: readonly Detector[] = [known];
const all: readonly Detector[] = [known, makeTokenDetector()];
const more: readonly Detector[] = [...all, await loadSecretlintDetector()];

const source = Buffer.from((await sourceText(250_000)).toString().replace(/[^\0-\x7f]/g, ""));
const prose = Buffer.from(source.toString().replace(/[\\%&]/g, " "));
const request = Buffer.from(JSON.stringify({ messages: source.toString().split("\n\n") }));

console.log("MB/s, best of many | own values | own values and tokens | and secretlint\n---|--:|--:|--:");
for (const [name, bytes] of [
  ["text without an escape in it", prose],
  ["source text", source],
  ["source text as JSON", request],
  ["the same, 48 KiB", request.subarray(0, 48 * 1024)],
] as const) {
  const numbers = [own, all, more].map((detectors) => best(bytes, (text) => scanDeeply(text, detectors)));
  console.log(`${name} | ${numbers.join(" | ")}`);
}
console.log(`adding up the bytes | ${best(source, addUp)} |`);
console.log(`found in it: ${scanDeeply(source, all).length}`);

function addUp(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum += bytes[at] ?? 0;
  return sum;
}

function best(bytes: Buffer, work: (bytes: Buffer) => unknown): string {
  const end = performance.now() + MS;
  let least = Number.POSITIVE_INFINITY;
  while (performance.now() < end) {
    const begin = performance.now();
    work(bytes);
    least = Math.min(least, performance.now() - begin);
  }
  return (bytes.length / least / 1000).toFixed(0);
}
