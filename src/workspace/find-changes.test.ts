import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findChanges, hasChanges, readBaseline } from "./find-changes.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "changes-"));
  mkdirSync(join(folder, ".git"));
  mkdirSync(join(folder, "d"));
  for (const name of ["a", "d/b", ".git/index", ".git/HEAD"]) writeFileSync(join(folder, name), "x");
  symlinkSync("/etc", join(folder, "link"));
});
// a path can be deeper than Node removes
afterEach(() => execFileSync("rm", ["-rf", folder]));

async function after(change: () => void) {
  const since = await readBaseline(folder);
  change();
  return findChanges(folder, since);
}

test("nothing is found when nothing was done, and links are not entered", async () => {
  const changes = await after(() => {});
  expect(hasChanges(changes)).toBe(false);
});

test("a change with the old size and a forged time is found", async () => {
  const changes = await after(() => {
    utimesSync(join(folder, "a"), 1, 1);
  });
  expect(changes).toMatchObject({ added: 0, changed: 1, removed: 0, examples: ["a"] });
});

test("additions, removals and exchanged files are found", async () => {
  const changes = await after(() => {
    writeFileSync(join(folder, "d/new"), "");
    mkdirSync(join(folder, "empty"));
    rmSync(join(folder, "d/b"));
    writeFileSync(join(folder, "other"), "x");
    renameSync(join(folder, "other"), join(folder, "a"));
  });
  expect(changes).toMatchObject({ added: 2, changed: 1, removed: 1 });
});

test("a removed link, a changed mode of a file or folder and a changed HEAD are found", async () => {
  const changes = await after(() => {
    rmSync(join(folder, "link"));
    chmodSync(join(folder, "a"), 0o755);
    chmodSync(join(folder, "d"), 0o700);
    writeFileSync(join(folder, ".git/HEAD"), "y");
  });
  expect(changes).toMatchObject({ added: 0, changed: 3, removed: 1 });
});

test("a rewritten index alone, as git status does it, is no change", async () => {
  const changes = await after(() => {
    writeFileSync(join(folder, ".git/index.lock"), "x");
    renameSync(join(folder, ".git/index.lock"), join(folder, ".git/index"));
  });
  expect(hasChanges(changes)).toBe(false);
});

test("names that are no text are told apart", async () => {
  const path = (code: number) => Buffer.concat([Buffer.from(`${folder}/n`), Buffer.from([code])]);
  writeFileSync(path(0xfe), "");
  const changes = await after(() => renameSync(path(0xfe), path(0xff)));
  expect(changes).toMatchObject({ added: 1, removed: 1 });
});

test("a tree too deep for a path counts as changed and does not fail", async () => {
  const since = await readBaseline(folder);
  const before = process.cwd();
  process.chdir(folder);
  const name = "n".repeat(200);
  for (let depth = 0; depth < 30; depth++) {
    mkdirSync(name);
    process.chdir(name);
  }
  process.chdir(before);
  expect((await findChanges(folder, since)).added).toBeGreaterThan(1);
});

test("counting stops when there is enough to know", async () => {
  const since = { marks: new Map<string, string>() };
  for (let index = 0; index < 30; index++) writeFileSync(join(folder, `f${index}`), "");
  const changes = await findChanges(folder, since, 25);
  expect(changes).toMatchObject({ added: 25, more: true });
  expect(changes.examples).toHaveLength(20);
});
