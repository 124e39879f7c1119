import { expect, test } from "vitest";
import { parseChanges } from "./new-content.ts";

const [A, B, C, D] = ["a", "b", "c", "d"].map((digit) => digit.repeat(40)) as [string, string, string, string];
const NONE = "0".repeat(40);
const raw = (...fields: readonly string[]) => `${fields.join("\0")}\0`;

test("an added, a changed and a removed file of a commit, whatever their names look like", () => {
  const text = raw(
    ...[A, `:000000 100644 ${NONE} ${B} A`, "new file.txt"],
    ...[`:100644 100755 ${B} ${C} M`, `:100644 100644 ${A} ${B} M`],
    ...[`:100644 000000 ${C} ${NONE} D`, D],
  );
  expect(parseChanges(text).changes).toEqual([
    { commit: A, path: "new file.txt", mode: "100644", blob: B, before: [] },
    { commit: A, path: `:100644 100644 ${A} ${B} M`, mode: "100755", blob: C, before: [B] },
    { commit: A, path: D, mode: "000000", blob: NONE, before: [C] },
  ]);
});

test("a merge tells what was there in each of its parents", () => {
  const text = raw(
    A,
    `::100644 000000 100644 ${B} ${NONE} ${C} MA`,
    "both.txt",
    D,
    `:000000 100644 ${NONE} ${B} A`,
    "x",
  );
  expect(parseChanges(text).changes).toEqual([
    { commit: A, path: "both.txt", mode: "100644", blob: C, before: [B] },
    { commit: D, path: "x", mode: "100644", blob: B, before: [] },
  ]);
});

test("a folder is none of the files, and known by its name when it is there afterwards", () => {
  const text = raw(
    ...[A, `:000000 040000 ${NONE} ${B} A`, "new", `:040000 000000 ${C} ${NONE} D`, "gone"],
    ...[`:040000 040000 ${B} ${C} M`, "changed", `:000000 100644 ${NONE} ${B} A`, "gone"],
    ...[D, `::000000 000000 040000 ${NONE} ${NONE} ${B} AA`, "merged"],
  );
  expect(parseChanges(text)).toEqual({
    changes: [{ commit: A, path: "gone", mode: "100644", blob: B, before: [] }],
    folders: [
      { commit: A, path: "new" },
      { commit: A, path: "changed" },
      { commit: D, path: "merged" },
    ],
  });
});

test("nothing is nothing", () => expect(parseChanges("")).toEqual({ changes: [], folders: [] }));
