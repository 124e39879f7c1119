import { expect, test } from "vitest";
import { ERROR_CODES } from "../src/base/error-codes.ts";
import { EXIT_CODES } from "../src/base/exit-codes.ts";

// When a table changed on purpose: npx vitest run test/generated-docs.test.ts -u
test("docs/ERRORS.md says what the tables of errors and exit codes say", async () => {
  const exits = Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  const errors = Object.entries(ERROR_CODES).map(
    ([code, { exit, meaning }]) => `| \`${code}\` | ${EXIT_CODES[exit].code} | ${meaning} |`,
  );
  const page = [
    "# Exit codes and errors",
    "",
    "Made from `src/base/exit-codes.ts` and `src/base/error-codes.ts`; a test holds this page to them.",
    "",
    "`bottle start` passes on the exit code of the command inside, and `128 + N` when signal N ended it. Everything else ends with one of these:",
    "",
    "| exit | meaning |",
    "|--:|---|",
    ...exits,
    "",
    "Every expected failure is printed as one line ending in `[code]`, and a hint that says what to do next.",
    "",
    "| code | exit | meaning |",
    "|---|--:|---|",
    ...errors,
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../docs/ERRORS.md");
});
