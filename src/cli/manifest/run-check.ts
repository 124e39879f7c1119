import { BottleError } from "../../base/errors.ts";
import { EXIT_CODES } from "../../base/exit-codes.ts";
import { findUpwards } from "../../base/find-upwards.ts";
import { findUnbuilt } from "../../manifest/features.ts";
import { listManifests, type ManifestList } from "../../manifest/list-manifests.ts";
import { type Problem, sortProblems } from "../../manifest/problem.ts";
import type { CommandContext } from "../context.ts";
import { printProblems } from "../print-problems.ts";
import type { CheckFlags } from "./command.ts";

/** Checks every manifest there is, or those of the given names; exit 2 when any has an error. */
export async function runCheck(context: CommandContext, flags: CheckFlags, ...names: string[]): Promise<number> {
  const { paths, userHome, cwd } = context;
  const list = await listManifests({ paths, userHome, repository: await findUpwards(cwd, ".git") });
  const files = chooseFiles(list, names);
  const problems = sortProblems([...list.problems, ...unbuilt(list)]).filter(
    ({ file }) => names.length === 0 || files.includes(file),
  );
  const broken = problems.some(({ severity }) => severity === "error");
  if (flags.json) context.stdout.write(`${JSON.stringify({ files, problems }, undefined, 2)}\n`);
  else {
    printProblems(context, problems, list.texts);
    if (!broken) context.stdout.write(`${files.length === 1 ? "1 file is" : `${files.length} files are`} fine\n`);
  }
  return broken ? EXIT_CODES.input.code : EXIT_CODES.ok.code;
}

/** What this version cannot start is not wrong; whoever checks wants to know it all the same. */
function unbuilt(list: ManifestList): readonly Problem[] {
  const bottles = list.bottles.flatMap(({ bottle }) => (bottle === undefined ? [] : findUnbuilt(bottle)));
  const unique = new Map(bottles.map((problem) => [`${problem.file}:${problem.line}:${problem.column}`, problem]));
  return [...unique.values()].map((problem) => ({ ...problem, severity: "warning" }));
}

function chooseFiles(list: ManifestList, names: readonly string[]): readonly string[] {
  const entries = [...list.bottles, ...list.agents, ...list.providers].map(({ entry }) => entry);
  for (const name of names) {
    if (!entries.some((entry) => entry.name === name)) {
      throw new BottleError("manifest/not-found", `there is no bottle, agent or provider ${JSON.stringify(name)}`, {
        hint: `there is: ${entries.map((entry) => entry.name).join(", ") || "nothing yet; run `bottle init`"}`,
      });
    }
  }
  return entries.filter((entry) => names.length === 0 || names.includes(entry.name)).map(({ file }) => file);
}
