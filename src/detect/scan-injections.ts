import { decodeRuns } from "./encoded-runs.ts";
import type { Finding } from "./finding.ts";
import { isDescribed } from "./injection-quoted.ts";
import { INJECTION_SIGNS } from "./injection-table.ts";
import { hiddenParts, replyTexts, visibleText } from "./injection-text.ts";
import { plainView } from "./view.ts";

/** Signs further apart belong to different things that are said */
const NEAR = 800;
const MOST_MATCHES = 20;
const SHOWN = 60;
const LONGEST = 1024 * 1024;
const SLICE = 32 * 1024;
const OVERLAP = 4 * 1024;
const ROT13 = /\b(?:vtaber|qvfertneq|sbetrg|bireevqr)\b/i;
const REVERSED = /snoitcurtsni|tpmorp metsys/i;
const SPACED = /(?:[A-Za-z][ ._*~|-]){8,400}[A-Za-z]/g;
const SQUEEZED =
  /(?:ignore|disregard|forget|override)(?:all|any|the|your|of){0,4}(?:previous|prior|above|earlier|preceding|system|safety)(?:instructions?|directives?|prompts?|guidelines?|rules?)/i;

/** Looks for a text that speaks to the agent which reads it; what is quoted in order to be spoken about is none. */
export function scanInjections(bytes: Buffer): Finding | undefined {
  for (const text of replyTexts(bytes.subarray(0, LONGEST))) {
    const found = scanText(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The same for a whole reply, in slices, so that other work goes on meanwhile. */
export async function scanReply(bytes: Buffer): Promise<Finding | undefined> {
  let unbroken = 0;
  for (const text of replyTexts(bytes)) {
    for (let from = 0; from === 0 || from < text.length - OVERLAP; from += SLICE - OVERLAP) {
      const found = scanText(text.slice(from, from + SLICE));
      if (found !== undefined) return found;
      unbroken += Math.min(text.length, SLICE);
      if (unbroken < SLICE) continue;
      unbroken = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return undefined;
}

function scanText(text: string): Finding | undefined {
  const visible = visibleText(text);
  const found = weigh(visible, 1, (start, end) => isDescribed(visible, start, end));
  if (found !== undefined) return makeFinding(found, [], visible);
  const parts: readonly Hidden[] = [...hiddenParts(text), ...encodedParts(text)];
  for (const hidden of parts) {
    // nobody hides what is only spoken about
    const inner = visibleText(hidden.text);
    const below = SQUEEZED.test(hidden.squeezed === true ? hidden.text : "") ? SPELLED : weigh(inner, 0.5, () => false);
    if (below !== undefined) return makeFinding(below, [hidden.how], inner);
  }
  return undefined;
}

type Sighting = { readonly names: readonly string[]; readonly offset: number; readonly length: number };
const SPELLED: Sighting = { names: ["override"], offset: 0, length: SHOWN };

/** The first place around which enough is said. */
function weigh(
  text: string,
  enough: number,
  isHarmless: (start: number, end: number) => boolean,
): Sighting | undefined {
  const seen: { readonly name: string; readonly weight: number; readonly start: number; readonly end: number }[] = [];
  for (const { name, weight, form } of INJECTION_SIGNS) {
    let matches = 0;
    for (const { 0: match, index } of text.matchAll(form)) {
      if (++matches > MOST_MATCHES) break;
      if (!isHarmless(index, index + match.length))
        seen.push({ name, weight, start: index, end: index + match.length });
    }
  }
  if (enough < 1 && !seen.some(({ weight }) => weight >= 0.5)) return undefined;
  for (const first of seen) {
    const best = new Map<string, number>();
    for (const { name, weight, start } of seen) {
      if (start >= first.start && start - first.start <= NEAR) best.set(name, Math.max(best.get(name) ?? 0, weight));
    }
    const sum = [...best.values()].reduce((total, weight) => total + weight, 0);
    if (sum >= enough - 0.001) return { names: [...best.keys()], offset: first.start, length: first.end - first.start };
  }
  return undefined;
}

type Hidden = { readonly text: string; readonly how: string; readonly squeezed?: true };

/** What a text means once an encoding that a model can read is undone. */
function* encodedParts(text: string): Generator<Hidden> {
  for (const view of decodeRuns(plainView(Buffer.from(text)))) {
    const how = view.encodings.at(-1) ?? "encoded";
    if (how !== "separators") yield { text: view.bytes.toString("utf8"), how };
  }
  if (ROT13.test(text)) yield { text: text.replace(/[A-Za-z]/g, rotate), how: "rot13" };
  if (REVERSED.test(text)) yield { text: [...text].reverse().join(""), how: "reversed" };
  for (const [run] of text.matchAll(SPACED)) {
    yield { text: run.replace(/[^A-Za-z]/g, ""), how: "separators", squeezed: true };
  }
}

function rotate(letter: string): string {
  const code = letter.charCodeAt(0);
  const base = code < 0x61 ? 0x41 : 0x61;
  return String.fromCharCode(((code - base + 13) % 26) + base);
}

function makeFinding({ names, offset, length }: Sighting, encodings: readonly string[], text: string): Finding {
  const excerpt = text.slice(offset, offset + Math.min(length, SHOWN)).replace(/[^\x20-\x7e]+/g, " ");
  return {
    ...{ rule: "prompt-injection", provider: names.join(", "), encodings, offset, length },
    ...{ excerpt, example: false, digest: "" },
  };
}
