import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readTextIfThere } from "./files.ts";

const folder = mkdtempSync(join(tmpdir(), "bottle-read-text-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => join(folder, name);

test("a file is read, one that is not there is undefined", async () => {
  writeFileSync(place("there"), "é\n");
  expect(await readTextIfThere(place("there"))).toBe("é\n");
  expect(await readTextIfThere(place("gone"))).toBeUndefined();
});

test.each([
  ["a pipe nobody writes to", () => execFileSync("mkfifo", [place("odd")])],
  ["a device without end", () => symlinkSync("/dev/zero", place("odd"))],
  ["a folder", () => execFileSync("mkdir", [place("odd")])],
])("%s is refused at once", async (_what, make) => {
  make();
  await expect(readTextIfThere(place("odd"))).rejects.toMatchObject({ code: "file/not-usable" });
  rmSync(place("odd"), { recursive: true });
});
