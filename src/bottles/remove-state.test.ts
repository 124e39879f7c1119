import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemIds } from "../base/ids.ts";
import { type RemoveOptions, removeState } from "./remove-state.ts";

const uid = process.getuid?.() ?? 0;
const quiet: RemoveOptions = { uid, ids: systemIds, isQuiet: async () => true };
let state: string;
let root: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "remove-"));
  root = join(state, "dev-ab0de");
  await mkdir(join(root, "workspace"), { recursive: true });
});
afterEach(async () => {
  await removeState(state, quiet);
  expect(await lstat(state).catch(() => undefined)).toBeUndefined();
});

const gone = async () => expect(await readdir(state)).toEqual([]);

describe("removeState", () => {
  test("removes files and folders, and doing it twice is no error", async () => {
    await writeFile(join(root, "record.json"), "{}");
    await writeFile(join(root, "workspace", "a"), "a");
    await removeState(root, quiet);
    await gone();
    await removeState(root, quiet);
    await gone();
  });

  test("never follows a link, not even when the folder itself is one", async () => {
    const outside = await mkdtemp(join(tmpdir(), "outside-"));
    await writeFile(join(outside, "precious"), "");
    await symlink(outside, join(root, "workspace", "link"));
    await symlink(outside, join(root, "link"));
    await symlink(outside, join(state, "dev-zzzzz"));
    await removeState(root, quiet);
    await removeState(join(state, "dev-zzzzz"), quiet);
    await gone();
    expect(await readdir(outside)).toEqual(["precious"]);
    await rm(outside, { recursive: true });
  });

  test("goes through folders that are locked", async () => {
    await mkdir(join(root, "workspace", "locked", "inner"), { recursive: true });
    await writeFile(join(root, "workspace", "locked", "inner", "a"), "");
    await chmod(join(root, "workspace", "locked", "inner"), 0o000);
    await chmod(join(root, "workspace", "locked"), 0o000);
    await chmod(join(root, "workspace"), 0o000);
    await removeState(root, quiet);
    await gone();
  });

  test("goes through more levels than a path can name", async () => {
    let inner = join(root, "level");
    await mkdir(inner);
    for (let level = 1; level < 500; level += 1) {
      const outer = join(root, `${level}`);
      await mkdir(outer);
      await rename(inner, join(outer, "a-name-that-makes-the-path-long"));
      inner = outer;
    }
    await rename(inner, join(root, "workspace", "deep"));
    await removeState(root, quiet);
    await gone();
  });

  test("goes through wide folders, and many of them", async () => {
    for (let folder = 0; folder < 150; folder += 1) {
      const path = join(root, "workspace", `${folder}`);
      await mkdir(path);
      await Promise.all(Array.from({ length: 20 }, (_, file) => writeFile(join(path, `${file}`), "")));
    }
    await Promise.all(Array.from({ length: 3000 }, (_, file) => writeFile(join(root, "workspace", `f${file}`), "")));
    await removeState(root, quiet);
    await gone();
  });

  test("removes names that are no text, and names like its own", async () => {
    const odd = Buffer.concat([Buffer.from(`${join(root, "workspace")}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x1b])]);
    await mkdir(odd);
    await writeFile(Buffer.concat([odd, Buffer.from("/"), Buffer.from([0x80])]), "");
    await mkdir(join(root, "workspace", "-rf *"));
    await mkdir(join(root, "workspace", ".removing-dev-ab0de"));
    await removeState(root, quiet);
    await gone();
  });

  test("finishes what another removal began", async () => {
    await mkdir(join(state, ".removing-dev-ab0de", "abcdefghij-0", "x"), { recursive: true });
    await removeState(root, quiet);
    await gone();
    await mkdir(join(state, ".removing-dev-ab0de", "abcdefghij-0", "x"), { recursive: true });
    await removeState(join(state, ".removing-dev-ab0de"), quiet);
    await gone();
  });

  test("two removals at once are no error", async () => {
    await Promise.all(
      Array.from({ length: 500 }, (_, folder) => mkdir(join(root, "workspace", `${folder}`, "a"), { recursive: true })),
    );
    await Promise.all([removeState(root, quiet), removeState(root, quiet)]);
    await removeState(root, quiet);
    await gone();
  });

  test("touches nothing while another user who owns a part of it lives", async () => {
    const asked: number[] = [];
    const other = { ...quiet, uid: uid + 1, isQuiet: async (owner: number) => asked.push(owner) === 0 };
    await expect(removeState(root, other)).rejects.toMatchObject({ code: "bottle/still-running" });
    expect(asked).toEqual([uid]);
    expect(await readdir(root)).toEqual(["workspace"]);
  });
});
