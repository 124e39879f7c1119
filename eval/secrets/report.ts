import type { CorpusResult, Miss } from "./corpus.ts";
import type { TreeResult } from "./tree.ts";

type Goals = { readonly recall: number; readonly falsePositives: number; readonly files: number };

const SHOWN = 140;

/** The confusion table of a corpus, every line that was judged wrongly, and whether the goals hold. */
export function renderCorpus(result: CorpusResult, goals: Goals): string {
  const { detected, missed, clean, falsePositives, recall, falsePositiveRate, strictlyClean } = result;
  const fair = falsePositives.filter(({ alsoElsewhere }) => alsoElsewhere).length;
  const wrong = Object.entries(result.byRule)
    .filter(([, row]) => row.missed + row.flagged > 0)
    .map(
      ([rule, row]) =>
        `  ${pad(row.missed)} of ${pad(row.missed + row.detected)} missed, ${pad(row.flagged)} of ${pad(row.flagged + row.clean)} flagged  ${rule}`,
    );
  return [
    "                  found   not found",
    `a secret        ${pad(detected, 7)}   ${pad(missed.length, 9)}`,
    `clean           ${pad(falsePositives.length, 7)}   ${pad(clean - falsePositives.length, 9)}`,
    "",
    "by rule of the corpus, where something is wrong:",
    ...wrong,
    "",
    "missed:",
    ...missed.map(renderMiss),
    "",
    "flagged although labelled clean (+ the corpus' own tool finds something in it too):",
    ...falsePositives.map((miss) => `${miss.alsoElsewhere ? "+" : " "}${renderMiss(miss)}`),
    "",
    `recall: ${percent(recall)}; ${verdict(recall >= goals.recall, `at least ${percent(goals.recall)}`)}`,
    `false positives, of all ${clean} lines labelled clean: ${percent(falsePositiveRate)}`,
    `  A line is labelled clean for the rule it was written for. Of the ${falsePositives.length} that are flagged, ${fair} hold a secret by another`,
    `  rule of the corpus' own tool; the other ${falsePositives.length - fair} are what counts against the goal:`,
    `false positives, of the ${strictlyClean.lines} that are clean by every rule of the corpus: ${percent(strictlyClean.rate)}; ${verdict(
      strictlyClean.rate <= goals.falsePositives,
      `at most ${percent(goals.falsePositives)}`,
    )}`,
  ].join("\n");
}

/** What was found in a tree, masked, and whether the goal holds. */
export function renderTree({ folder, files, bytes, flagged, share }: TreeResult, goals: Goals): string {
  const lines = flagged.map(({ file, findings }) => {
    const what = findings
      .slice(0, 4)
      .map(
        ({ rule, excerpt, encodings }) =>
          `${rule}${encodings.length === 0 ? "" : ` (${encodings.join(", ")})`} ${excerpt}`,
      );
    return `  ${file}: ${what.join("; ")}${findings.length > 4 ? `; ${findings.length - 4} more` : ""}`;
  });
  return [
    "",
    `${folder}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB`,
    ...lines,
    `files with a finding: ${percent(share)}; ${verdict(share <= goals.files, `at most ${percent(goals.files)}`)}`,
  ].join("\n");
}

function renderMiss({ id, input, found }: Miss): string {
  const line = input.replace(/[^\x20-\x7e]+/g, " ");
  return `  ${id}${found.length === 0 ? "" : ` [${found.join(", ")}]`}: ${line.length <= SHOWN ? line : `${line.slice(0, SHOWN)}…`}`;
}

function pad(number: number, width = 4): string {
  return String(number).padStart(width);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function verdict(holds: boolean, goal: string): string {
  return `${holds ? "holds" : "DOES NOT HOLD"}: ${goal}`;
}
