import { execFileSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { as, copy, filesOf, git, isRoot, makeRepository } from "./workspace-fixture.ts";

describe.skipIf(!isRoot)("started by root (needs root: mounts a small disk, gives files away)", () => {
  test("a full disk is said to be full, and nothing half-made is left", () =>
    as(0, async (folder) => {
      const source = makeRepository(join(folder, "source"), { a: "a" });
      writeFileSync(join(source, "large"), Buffer.alloc(4 * 1024 * 1024));
      mkdirSync(join(folder, "small"));
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", join(folder, "small")]);
      try {
        await expect(copy(source, join(folder, "small/copy"), 0)).rejects.toMatchObject({ code: "file/disk-full" });
        git(source, "add", "large");
        rmSync(join(source, "large"));
        writeFileSync(
          join(source, "large"),
          execFileSync("head", ["-c", "2000000", "/dev/urandom"], { maxBuffer: 3e6 }),
        );
        git(source, "add", "large");
        rmSync(join(source, "large"));
        await expect(copy(source, join(folder, "small/copy"), 0)).rejects.toMatchObject({ code: "file/disk-full" });
        expect(readdirSync(join(folder, "small"))).toEqual([]);
      } finally {
        execFileSync("umount", [join(folder, "small")]);
      }
    }));

  test("everything is given to the owner, for a tree that belongs to somebody else too", () =>
    as(0, async (folder) => {
      chmodSync(folder, 0o755);
      const source = makeRepository(join(folder, "source"), { a: "a", "d/b": "b" });
      git(source, "remote", "add", "origin", "https://h/x");
      symlinkSync("a", join(source, "link"));
      execFileSync("chown", ["-R", "61235:61235", source]);
      const copied = await copy(source, join(folder, "copy"), 0, { owner: { uid: 61_237, gid: 61_237 } });
      const owners = execFileSync("find", [copied, "-printf", "%U:%G\n"]).toString().trim().split("\n");
      expect(new Set(owners)).toEqual(new Set(["61237:61237"]));
      expect(lstatSync(copied).mode & 0o7777).toBe(0o700);
      expect(git(copied, "status", "--short")).toBe("?? link\n");
      git(copied, "fsck");
    }));

  test("a tree whose owner cannot reach it is copied all the same", () =>
    as(0, async (folder) => {
      chmodSync(folder, 0o700);
      const source = makeRepository(join(folder, "source"), { a: "a" });
      execFileSync("chown", ["-R", "61235:61235", source]);
      const copied = await copy(source, join(folder, "copy"), 0);
      git(copied, "fsck");
      expect(filesOf(copied)).toEqual(["a"]);
    }));
});
