// How well tokens are told from everything else: on a corpus of labelled lines, and on source trees, which hold none.
//   npm run eval:secrets -- [--corpus FILE] [--tree FOLDER]… [--json]
// A corpus is a JSON array of {id, rule, input, expected: "detect" | "clean", gitleaks_hits?}. A line that is labelled clean is
// so for the one rule that it was written for; many of them are tokens of another kind. So two rates are told: over all of
// them, and, which is held against the goal, over those in which the corpus' own tool finds nothing by any rule.
// The exit code is 1 below the goals.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { evaluateCorpus, type SecretCase } from "./secrets/corpus.ts";
import { renderCorpus, renderTree } from "./secrets/report.ts";
import { scanTree } from "./secrets/tree.ts";

const GOALS = { recall: 0.85, falsePositives: 0.02, files: 0.005 };

const { values } = parseArgs({
  options: {
    corpus: { type: "string" },
    tree: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
  },
});
if (values.corpus === undefined && values.tree.length === 0) {
  console.error("say what to search: --corpus FILE, --tree FOLDER, or both");
  process.exit(2);
}

const corpus = values.corpus === undefined ? undefined : evaluateCorpus(readCases(values.corpus));
const trees = values.tree.map((folder) => scanTree(folder));

if (values.json) console.log(JSON.stringify({ goals: GOALS, corpus, trees }, undefined, 2));
else {
  if (corpus !== undefined) console.log(renderCorpus(corpus, GOALS));
  for (const tree of trees) console.log(renderTree(tree, GOALS));
}
const holds =
  (corpus === undefined || (corpus.recall >= GOALS.recall && corpus.strictlyClean.rate <= GOALS.falsePositives)) &&
  trees.every(({ share }) => share <= GOALS.files);
process.exitCode = holds ? 0 : 1;

function readCases(file: string): readonly SecretCase[] {
  return JSON.parse(readFileSync(file, "utf8"));
}
