import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../src/base/process.ts";
import { copyWorkspace } from "../../src/workspace/copy-workspace.ts";
import { as, callers, copy, everythingIn, filesOf, git, makeRepository, survey, write } from "./workspace-fixture.ts";

const PRIVATE = "private-7f3a";

describe.each(callers)("for $who", ({ uid }) => {
  test("no link of a repository, tracked or not, brings in what is outside", () =>
    as(uid, async (folder) => {
      write(folder, { "private/key": PRIVATE, "private/deep/key": PRIVATE });
      const source = makeRepository(join(folder, "source"), {
        "a.txt": "a\n",
        "dir/key": "tracked\n",
        "dir/deep/key": "t\n",
      });
      symlinkSync("../private/key", join(source, "tracked-out"));
      git(source, "add", "tracked-out");
      git(source, "commit", "-qm", "link");
      symlinkSync("../private", join(source, "untracked-out"));
      symlinkSync(join(folder, "private/key"), join(source, "untracked-absolute"));
      symlinkSync("a.txt", join(source, "inside"));
      rmSync(join(source, "dir"), { recursive: true });
      symlinkSync("../private", join(source, "dir"));

      const found = await survey(source, uid);
      const copied = await copy(source, join(folder, "copy"), uid);

      expect(everythingIn(copied)).not.toContain(PRIVATE);
      expect(filesOf(copied)).toEqual(["a.txt", "inside", "tracked-out"]);
      expect(readlinkSync(join(copied, "tracked-out"))).toBe("../private/key");
      expect(found.leftOut.filter(({ why }) => why === "link-out").map(({ path }) => path)).toEqual(
        expect.arrayContaining(["dir", "untracked-out", "untracked-absolute"]),
      );
    }));

  test("a folder or file that becomes a link between survey and copy is not followed", () =>
    as(uid, async (folder) => {
      write(folder, { "private/a": PRIVATE, "private/f": PRIVATE });
      write(folder, { "source/dir/a": "a\n", "source/f": "f\n", "source/g": "g\n", "source/gone": "x\n" });
      const source = join(folder, "source");
      const found = await survey(source, uid);
      renameSync(join(source, "dir"), join(folder, "moved"));
      symlinkSync("../private", join(source, "dir"));
      rmSync(join(source, "f"));
      symlinkSync("../private/f", join(source, "f"));
      rmSync(join(source, "g"));
      execFileSync("mkfifo", [join(source, "g")]);
      rmSync(join(source, "gone"));

      const copied = await copyWorkspace(found, join(folder, "copy"), { run, uid });

      expect(filesOf(join(folder, "copy"))).toEqual([]);
      expect(copied.skipped).toEqual([
        { path: "dir/a", why: "changed" },
        { path: "f", why: "changed" },
        { path: "g", why: "changed" },
        { path: "gone", why: "gone" },
      ]);
    }));

  test.each(["../private/key", "dir/../../private/key", "/etc/passwd", "dir//a", "./a.txt"])(
    "an index that names %s, which git itself would never write, is refused",
    (name) =>
      as(uid, async (folder) => {
        write(folder, { "private/key": PRIVATE });
        const source = makeRepository(join(folder, "source"), { "a.txt": "a\n", "dir/a": "a\n" });
        writeIndex(source, [name]);
        expect(git(source, "ls-files")).toContain(name);
        await expect(copy(source, join(folder, "copy"), uid)).rejects.toMatchObject({
          code: "workspace/not-allowed",
          message: `the index of the repository names ${name}, which lies outside`,
        });
        expect(readdirSync(folder).sort()).toEqual(["private", "source"]);
      }),
  );

  test("parts of a repository that are links to another repository are not read", () =>
    as(uid, async (folder) => {
      const secret = makeRepository(join(folder, "private"), { key: PRIVATE });
      git(secret, "branch", PRIVATE);
      const source = makeRepository(join(folder, "source"), { "a.txt": "a\n" });
      const replace = (name: string) => {
        rmSync(join(source, ".git", name), { recursive: true, force: true });
        symlinkSync(join(secret, ".git", name), join(source, ".git", name));
      };
      write(secret, { ".git/info/exclude": PRIVATE, ".git/info/sparse-checkout": PRIVATE });
      git(secret, "pack-refs", "--all");
      for (const name of ["packed-refs", "info", "index"]) replace(name);

      expect(everythingIn(await copy(source, join(folder, "copy"), uid))).not.toContain(PRIVATE);

      for (const name of ["refs", "objects"]) {
        replace(name);
        await expect(copy(source, join(folder, "copy2"), uid)).rejects.toMatchObject({ code: "workspace/not-allowed" });
      }
    }));

  test("history of another repository is not taken over links among the objects, nor by naming it as an alternate", () =>
    as(uid, async (folder) => {
      const secret = makeRepository(join(folder, "private"), { key: PRIVATE });
      git(secret, "repack", "-q");
      const stolen = git(secret, "rev-parse", "HEAD").trim();
      const refused = { code: "workspace/not-allowed" };
      const objects = join(secret, ".git/objects");
      const loose = readdirSync(objects).find((name) => name.length === 2) ?? "";
      const object = `${loose}/${readdirSync(join(objects, loose))[0]}`;
      const pack = `pack/${readdirSync(join(objects, "pack")).find((name) => name.endsWith(".pack"))}`;

      for (const [index, link] of [loose, object, "pack", pack].entries()) {
        const source = makeRepository(join(folder, `link-${index}`), { "a.txt": "a\n" });
        const place = join(source, ".git/objects", link);
        rmSync(place, { recursive: true, force: true });
        mkdirSync(dirname(place), { recursive: true });
        symlinkSync(join(objects, link), place);
        await expect(survey(source, uid), link).rejects.toMatchObject(refused);
      }

      const source = makeRepository(join(folder, "source"), { "a.txt": "a\n" });
      const before = await survey(source, uid);
      write(source, {
        ".git/objects/info/alternates": `# a comment\n${objects}\n`,
        ".git/refs/heads/stolen": `${stolen}\n`,
      });
      await expect(survey(source, uid)).rejects.toMatchObject(refused);
      await expect(copyWorkspace(before, join(folder, "copy"), { run, uid })).rejects.toMatchObject(refused);

      const include = [".git/objects/info/alternates"];
      const borrowed = await copy(source, join(folder, "wanted"), uid, { include });
      expect(git(borrowed, "show", "stolen:key")).toBe(PRIVATE);
    }));

  test("a .git that points at a repository which does not know it is refused", () =>
    as(uid, async (folder) => {
      const secret = makeRepository(join(folder, "private"), { key: PRIVATE });
      const refused = { code: "workspace/not-allowed" };
      write(folder, { "file/.git": `gitdir: ${secret}/.git\n`, "file/a": "a" });
      await expect(survey(join(folder, "file"), uid)).rejects.toMatchObject(refused);

      mkdirSync(join(folder, "link"));
      symlinkSync(join(secret, ".git"), join(folder, "link/.git"));
      await expect(survey(join(folder, "link"), uid)).rejects.toMatchObject(refused);

      const own = makeRepository(join(folder, "common"), { a: "a" });
      write(own, { ".git/commondir": `${secret}/.git\n`, ".git/gitdir": `${own}/.git\n` });
      await expect(survey(own, uid)).rejects.toMatchObject(refused);

      const elsewhere = makeRepository(join(folder, "elsewhere"), { a: "a" });
      git(elsewhere, "config", "core.worktree", secret);
      await expect(survey(elsewhere, uid)).rejects.toMatchObject(refused);
    }));

  test("hard links arrive as files of their own, and no mode but executable survives", () =>
    as(uid, async (folder) => {
      write(folder, { "source/a": "a\n" });
      const source = join(folder, "source");
      linkSync(join(source, "a"), join(source, "b"));
      execFileSync("chmod", ["6755", join(source, "a")]);

      const copied = await copy(source, join(folder, "copy"), uid);

      expect(lstatSync(join(copied, "a")).ino).not.toBe(lstatSync(join(copied, "b")).ino);
      expect(lstatSync(join(copied, "a")).mode & 0o7777 & 0o7100).toBe(0o100);
      expect(lstatSync(copied).mode & 0o7777).toBe(0o700);
      expect(readFileSync(join(copied, "b"), "utf8")).toBe("a\n");
    }));
});

/** Replaces an index by one with these names, all for the content of the first file that was in it. */
function writeIndex(repository: string, names: readonly string[]): void {
  const path = join(repository, ".git/index");
  const entry = readFileSync(path).subarray(12, 12 + 60); // times, mode, size, object id
  const entries = names.map((name) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(name.length);
    const bytes = Buffer.concat([entry, length, Buffer.from(name)]);
    return Buffer.concat([bytes, Buffer.alloc(8 - (bytes.length % 8))]);
  });
  const head = Buffer.from("DIRC\0\0\0\x02\0\0\0\0", "latin1");
  head.writeUInt32BE(names.length, 8);
  const body = Buffer.concat([head, ...entries]);
  writeFileSync(path, Buffer.concat([body, createHash("sha1").update(body).digest()]));
}
