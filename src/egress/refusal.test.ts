import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REFUSALS } from "./refusal.ts";

test("every refusal is in the docs with its status, and no other", async () => {
  const text = await readFile(join(import.meta.dirname, "..", "..", "docs", "EGRESS.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(egress\/[a-z-]+)` \| (\d+) \|/gm)].map(([, code = "", status]) => [
    code,
    Number(status),
  ]);
  expect(Object.fromEntries(rows)).toEqual(REFUSALS);
});
