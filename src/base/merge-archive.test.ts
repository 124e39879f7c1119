import { spawnSync } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mergeArchive } from "./merge-archive.ts";
import { readTar } from "./read-tar.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bottle-collect-"));
  await mkdir(join(folder, "in"));
  await mkdir(join(folder, "out"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function tar(args: readonly string[]): Buffer {
  const made = spawnSync("tar", ["-c", "-f", "-", "-C", join(folder, "in"), ...args], { maxBuffer: 1e9 });
  expect(made.status).toBe(0);
  return made.stdout;
}

/** In pieces of an odd size, as a pipe may bring them. */
async function* pieces(bytes: Buffer, size = 777): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const isWhole = () => Promise.resolve(true);

describe("mergeArchive", () => {
  test("removes nothing when the archive did not come whole", async () => {
    await writeFile(join(folder, "in/a"), "new");
    await writeFile(join(folder, "out/b"), "stays");
    const cut = () => Promise.resolve(false);
    await mergeArchive(pieces(Buffer.alloc(0)), join(folder, "out"), cut);
    await mergeArchive(pieces(tar(["."])), join(folder, "out"), cut);
    expect(await readFile(join(folder, "out/b"), "utf8")).toBe("stays");
    expect(await readFile(join(folder, "out/a"), "utf8")).toBe("new");
  });

  test.each(["pax", "gnu"])("makes a folder equal, %s: long names, odd names, links, modes", async (format) => {
    const long = `${"d".repeat(120)}/${"f".repeat(200)}`;
    await mkdir(join(folder, "in", "d".repeat(120)));
    await writeFile(join(folder, "in", long), "long");
    await writeFile(Buffer.concat([Buffer.from(join(folder, "in/")), Buffer.from([0xff, 0xfe])]), "bytes");
    await writeFile(join(folder, "in/run"), "#!", { mode: 0o755 });
    await chmod(join(folder, "in/run"), 0o4755);
    await symlink("/etc/passwd", join(folder, "in/out"));
    spawnSync("ln", [join(folder, "in/run"), join(folder, "in/same")]);
    spawnSync("mkfifo", [join(folder, "in/pipe")]);
    await writeFile(join(folder, "out/old"), "goes");
    await symlink(folder, join(folder, "out/run")); // what is in the way is not followed
    await mergeArchive(pieces(tar([`--format=${format}`, "."])), join(folder, "out"), isWhole);
    expect(await readFile(join(folder, "out", long), "utf8")).toBe("long");
    expect(await readFile(Buffer.concat([Buffer.from(join(folder, "out/")), Buffer.from([0xff, 0xfe])]), "utf8")).toBe(
      "bytes",
    );
    expect((await lstat(join(folder, "out/run"))).mode & 0o7777).toBe(0o755);
    expect(await readFile(join(folder, "out/same"), "utf8")).toBe("#!");
    expect(await readlink(join(folder, "out/out"))).toBe("/etc/passwd");
    await expect(lstat(join(folder, "out/pipe"))).rejects.toThrow("ENOENT");
    await expect(lstat(join(folder, "out/old"))).rejects.toThrow("ENOENT");
  });

  test("leaves what is the same as it is, and writes what differs late in a large file", async () => {
    const large = Buffer.alloc(300_000, "x");
    await writeFile(join(folder, "in/same"), large);
    await writeFile(join(folder, "out/same"), large);
    await writeFile(join(folder, "out/late"), large);
    large.write("y", 299_999);
    await writeFile(join(folder, "in/late"), large);
    const before = await lstat(join(folder, "out/same"), { bigint: true });
    await mergeArchive(pieces(tar(["."])), join(folder, "out"), isWhole);
    const after = await lstat(join(folder, "out/same"), { bigint: true });
    expect([after.ino, after.ctimeNs]).toEqual([before.ino, before.ctimeNs]);
    expect((await readFile(join(folder, "out/late"))).equals(large)).toBe(true);
  });

  test.each([
    ["a path above the folder", ["-P", "--transform=s,a,../a,", "a"]],
    ["an absolute path", ["-P", "--transform=s,^a,/a,", "a"]],
    ["a file below a link", ["link", "--transform=s,^a,link/a,", "a"]],
    ["a file twice", ["a", "a", "--transform=s,b,a,", "b"]],
  ])("refuses %s", async (_what, args) => {
    await writeFile(join(folder, "in/a"), "a");
    await writeFile(join(folder, "in/b"), "b");
    await symlink("/", join(folder, "in/link"));
    const archive = tar(["--hard-dereference", ...args]);
    await expect(mergeArchive(pieces(archive), join(folder, "out"), isWhole)).rejects.toThrow(RangeError);
  });

  test("an archive that is cut or changed at any place is read or refused, and never leaves the folder", async () => {
    await writeFile(join(folder, "in/a"), "a".repeat(700));
    await mkdir(join(folder, "in/d"));
    await symlink("a", join(folder, "in/d/l"));
    const archive = tar(["."]);
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const bytes = Buffer.from(cut ? archive.subarray(0, at) : archive);
        if (!cut) bytes[at] = byte;
        try {
          let total = 0;
          for await (const part of readTar(pieces(bytes))) total += part.kind === "data" ? part.data.length : 0;
          expect(total).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
