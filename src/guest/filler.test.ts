import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFiller } from "./filler.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bottle-filler-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("whoever was told to wait is told to go on, also when the end comes before there is room", async () => {
  await writeFile(join(folder, "large"), Buffer.alloc(1024 * 1024, "x"));
  const archive = spawnSync("tar", ["-c", "-C", folder, "large"]).stdout;
  const told: string[] = [];
  const filler = openFiller(
    join(folder, "inside"),
    () => void told.push("wait"),
    () => void told.push("go on"),
  );
  for (let at = 0; at < archive.length; at += 65_536) filler.push(archive.subarray(at, at + 65_536));
  filler.push(Buffer.alloc(0));
  await filler.done;
  expect(told[0]).toBe("wait");
  expect(told.at(-1)).toBe("go on");
  expect((await readFile(join(folder, "inside/large"))).length).toBe(1024 * 1024);
});

test("an archive that is none is an error, and nobody waits", async () => {
  const told: string[] = [];
  const filler = openFiller(
    folder,
    () => void told.push("wait"),
    () => void told.push("go on"),
  );
  for (let piece = 0; piece < 32; piece++) filler.push(Buffer.alloc(65_536, "no archive"));
  filler.push(Buffer.alloc(0));
  await expect(filler.done).rejects.toThrow(/tar: /);
  expect(told.at(-1)).not.toBe("wait"); // a tar that ends before there is a need to wait tells nothing
});
