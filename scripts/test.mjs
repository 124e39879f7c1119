// `npm test`: sets up the machine, runs every test it can run, and ends in one line of numbers.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, setUp } from "./setup.mjs";

setUp({ tests: true });

const folder = mkdtempSync(join(tmpdir(), "bottle-test-"));
const report = join(folder, "report.json");
let result;
let numbers;
try {
  const vitest = [
    join(ROOT, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  result = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  numbers = JSON.parse(readFileSync(report, "utf8"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const all = numbers.testResults.flatMap((file) => file.assertionResults);
const skipped = all.filter((test) => ["skipped", "pending", "todo", "disabled"].includes(test.status));
const brokenFiles = numbers.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
);
const failed = numbers.numFailedTests + brokenFiles.length;
for (const test of skipped) console.log(`skipped: ${test.fullName}`);
if (process.env.CI === "true" && skipped.length > 0)
  console.log("In CI every skip counts as a failure: install what is missing.");
console.log(`${numbers.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped`);
const skipsFail = process.env.CI === "true" && skipped.length > 0;
process.exit(result.status === 0 && failed === 0 && numbers.numPassedTests > 0 && !skipsFail ? 0 : 1);
