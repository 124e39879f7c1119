import { isOwnValue, type PushFinding } from "./push-finding.ts";
import type { RunFile } from "./run-files.ts";

const MOST_SHOWN = 10;
const HIDDEN_IN: Readonly<Record<PushFinding["place"], string>> = {
  file: "in",
  "file name": "in the name of a file",
  commit: "in the message or the author",
  tag: "in a tag",
  "ref name": "in the name of a branch or tag",
};

/** What a push with secrets is refused for, line by line: where they are, never what they are, and how to go on. */
export function tellSecrets(findings: readonly PushFinding[], cut: boolean): readonly string[] {
  return [
    "This push has secrets in it:",
    ...tellSome(findings.map(tellFinding), cut),
    "Take them out of each commit named above (git commit --amend, or git rebase -i), then push again.",
    "Removing them in a later commit is not enough: every commit of the push is looked at.",
    ...(findings.every(isOwnValue)
      ? []
      : ["For what is no secret: write bot-bottle:allow into its line, and the operator is asked."]),
  ];
}

/** What a person is to look at. */
export function tellDoubts(findings: readonly PushFinding[]): readonly string[] {
  return findings.map(tellFinding); // all of them: a search that finds too many is cut short, and refuses
}

/** Files that run somewhere, and what runs them. */
export function tellRunFiles(runFiles: readonly RunFile[]): readonly string[] {
  return tellSome(
    runFiles.map(({ path, what, commit }) => `  ${path} ${what}, commit ${commit.slice(0, 12)}`),
    false,
  );
}

/** One finding as one line. */
export function tellFinding(finding: PushFinding): string {
  const { rule, provider, excerpt, doubt } = finding;
  const mark = doubt === undefined ? "" : doubt === "example" ? "; looks like an example" : "; marked as allowed";
  const by = provider === "gitleaks" ? " [gitleaks]" : "";
  return `  ${rule} ${tellPlace(finding)}: ${excerpt}${tellEncodings(finding)}${mark}${by}`;
}

/** Where a finding stands. */
export function tellPlace({ place, commit, path, line }: PushFinding): string {
  const where =
    place === "file" ? `in ${path ?? "a file"}${line === undefined ? "" : `, line ${line}`}` : HIDDEN_IN[place];
  const of = commit === undefined ? "" : `, ${place === "tag" ? "tag" : "commit"} ${commit.slice(0, 12)}`;
  return `${where}${of}`;
}

/** What it was found behind. */
export function tellEncodings({ encodings }: PushFinding): string {
  return encodings.length === 0 ? "" : ` (${encodings.join(", ")})`;
}

function tellSome(lines: readonly string[], cut: boolean): readonly string[] {
  const shown = lines.slice(0, MOST_SHOWN);
  const more = lines.length - shown.length;
  if (more === 0) return shown;
  return [...shown, `  and ${cut ? "at least " : ""}${more} more`];
}
