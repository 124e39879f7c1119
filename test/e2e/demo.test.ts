import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const USER = 61_777;
const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), "bottle-demo-test-"));
const program = join(folder, "program");

beforeAll(() => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "ignore" });
  // Somewhere that an ordinary user can reach, wherever the repository lies.
  execFileSync("mkdir", [program]);
  for (const part of ["dist", "schemas", "package.json"]) execFileSync("cp", ["-r", join(ROOT, part), program]);
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const callers: { readonly who: string; readonly uid: number | undefined }[] = isRoot
  ? [
      { who: "root", uid: undefined },
      { who: "an ordinary user", uid: USER },
    ]
  : [{ who: "an ordinary user", uid: undefined }];

test.each(callers)("as $who: every attempt of the demo ends as promised, and nothing stays", ({ uid }) => {
  const home = join(folder, `home-${uid ?? "own"}`);
  execFileSync("mkdir", ["-m", "700", home]);
  if (uid !== undefined) execFileSync("chown", [`${uid}:${uid}`, home]);
  const drop = uid === undefined ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
  const [file = "", ...args] = [...drop, process.execPath, join(program, "dist/main.js"), "demo", "--json"];
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home };
  const report: unknown = JSON.parse(
    execFileSync(file, args, { env, cwd: "/", stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" }),
  );
  const { results } = report as {
    results: { held: boolean; worked: boolean; attempt: { id: string; owed: string } }[];
  };
  expect(results.filter(({ held }) => !held)).toEqual([]);
  expect(results.filter(({ worked }) => worked).map(({ attempt }) => attempt.id)).toEqual(
    results.filter(({ attempt }) => attempt.owed === "works").map(({ attempt }) => attempt.id),
  );
  expect(results.length).toBeGreaterThan(10);
  expect(execFileSync("find", [home, "-mindepth", "1", "-not", "-path", "*/.cache*"], { encoding: "utf8" })).toBe("");
});
