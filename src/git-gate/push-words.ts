import type { PushFinding } from "./scan-push.ts";

const MOST_SHOWN = 10;
const HIDDEN_IN: Readonly<Record<PushFinding["place"], string>> = {
  file: "in",
  "file name": "in the name of a file",
  commit: "in the message or the author",
  tag: "in a tag",
  "ref name": "in the name of a branch or tag",
};

/** What a push is refused for, line by line: where it is, never what it is, and how to go on. */
export function tellFindings(findings: readonly PushFinding[]): readonly string[] {
  const shown = findings.slice(0, MOST_SHOWN).map(tellFinding);
  const more = findings.length - shown.length;
  return [...shown, ...(more > 0 ? [`  and ${more} more`] : []), ...tellWhatToDo(findings)];
}

/** One finding as one line. */
export function tellFinding(finding: PushFinding): string {
  const { rule, place, commit, path, line, excerpt, encodings, doubt } = finding;
  const hidden = encodings.length === 0 ? "" : ` (${encodings.join(", ")})`;
  const where =
    place === "file" ? `in ${path ?? "a file"}${line === undefined ? "" : `, line ${line}`}` : HIDDEN_IN[place];
  const of = commit === undefined ? "" : `, ${place === "tag" ? "tag" : "commit"} ${commit.slice(0, 12)}`;
  const mark = doubt === undefined ? "" : doubt === "example" ? "; looks like an example" : "; marked as allowed";
  return `  ${rule} ${where}${of}: ${excerpt}${hidden}${mark}`;
}

function tellWhatToDo(findings: readonly PushFinding[]): readonly string[] {
  const old = "Removing it in a later commit is not enough: every commit of the push is looked at.";
  const rewrite = "Take it out of each commit named above (git commit --amend, or git rebase -i), then push again.";
  if (findings.some(({ doubt }) => doubt === undefined)) return [rewrite, old];
  return [
    "Examples and marks that allow a value are for a person to decide, and nobody can be asked in this version.",
    rewrite,
  ];
}
