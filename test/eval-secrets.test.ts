import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateCorpus } from "../eval/secrets/corpus.ts";
import { renderCorpus } from "../eval/secrets/report.ts";
import { scanTree } from "../eval/secrets/tree.ts";

const TOKEN = `ghp_${"aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0aB3d"}`;
const GOALS = { recall: 0.85, falsePositives: 0.02, files: 0.005 };

test("every line is counted once, on the side where it was found", () => {
  const result = evaluateCorpus([
    { id: "a", rule: "github", input: `token ${TOKEN}`, expected: "detect" },
    { id: "b", rule: "github", input: "nothing is here", expected: "detect" },
    { id: "c", rule: "other", input: `token ${TOKEN}`, expected: "clean", gitleaks_hits: ["github"] },
    { id: "d", rule: "other", input: "const token = next();", expected: "clean" },
  ]);
  expect(result).toMatchObject({ detected: 1, clean: 2, recall: 0.5, falsePositiveRate: 0.5 });
  expect(result.missed.map(({ id }) => id)).toEqual(["b"]);
  expect(result.falsePositives.map(({ id }) => id)).toEqual(["c"]);
  expect(result.strictlyClean).toEqual({ lines: 1, rate: 0 });
  expect(renderCorpus(result, GOALS)).toContain("DOES NOT HOLD: at least 85.00 %");
});

test("a tree is searched file by file, and what is found is shown masked", () => {
  const folder = mkdtempSync(join(tmpdir(), "bottle-eval-"));
  try {
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep/large.txt"), `${"x ".repeat(200_000)}${TOKEN}`);
    writeFileSync(join(folder, "empty"), "");
    const result = scanTree(folder);
    expect(result).toMatchObject({ files: 2, share: 0.5 });
    expect(result.flagged[0]?.findings[0]).toMatchObject({ rule: "github-token", offset: 400_000 });
    expect(JSON.stringify(result)).not.toContain(TOKEN);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
