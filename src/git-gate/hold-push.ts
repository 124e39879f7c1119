import { createHash } from "node:crypto";
import type { HeldThing } from "./ask-operator.ts";
import type { CheckParts, Verdict } from "./check-push.ts";
import type { PushFinding } from "./push-finding.ts";
import { tellDoubts, tellEncodings, tellPlace, tellRunFiles } from "./push-words.ts";
import type { RunFile } from "./run-files.ts";

/** Lets a person decide about a push that has nothing in it but what only a person can judge. */
export async function holdPush(
  { mirror, updates, ask, signal, say }: CheckParts,
  findings: readonly PushFinding[],
  runFiles: readonly RunFile[],
): Promise<Verdict> {
  const lines = [
    ...(findings.length === 0 ? [] : ["What looks like secrets and may be none:", ...tellDoubts(findings)]),
    ...(runFiles.length === 0 ? [] : ["Files that run somewhere:", ...tellRunFiles(runFiles)]),
  ];
  for (const line of ["a person has to decide about this push:", ...lines]) say(line);
  const things = [...findings.map(findingAsThing), ...runFiles.map(fileAsThing)];
  const refs = updates.map(({ name }) => name);
  const decision = await ask({ repo: mirror.repo.name, refs, things, named: runFiles.length > 0 }, signal);
  switch (decision.kind) {
    case "approved":
      say("it was approved");
      return { kind: "pass" };
    case "rejected":
      return { kind: "refuse", reason: "rejected", lines: [`The operator rejected this push: ${decision.why}`] };
    case "unanswered":
      return {
        kind: "refuse",
        reason: findings.length > 0 ? "secret" : "run-files",
        lines: [
          `A person has to decide about this push, and ${decision.why}.`,
          "Take what is named above out of every commit (git commit --amend, or git rebase -i), or ask the operator.",
        ],
      };
  }
}

function findingAsThing(finding: PushFinding): HeldThing {
  const { rule, doubt, excerpt, digest } = finding;
  const why = doubt === "example" ? "looks like an example" : "marked as allowed";
  const shown = `${excerpt}${tellEncodings(finding)}`;
  return { what: rule, place: `${tellPlace(finding)}; ${why}`, excerpt: shown, digest };
}

/** Another version of the file is another thing. */
function fileAsThing({ path, what, commit, blob }: RunFile): HeldThing {
  const digest = createHash("sha256").update(`${blob} ${path}`).digest("base64url");
  return { what, place: `${path}, commit ${commit.slice(0, 12)}`, excerpt: path, digest };
}
