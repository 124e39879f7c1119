import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isSamePlace, listNames, readBoundedText } from "./files.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bounded-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("readBoundedText", () => {
  test("reads a file up to its limit and not beyond", async () => {
    await writeFile(join(root, "a"), "é".repeat(5));
    expect(await readBoundedText(join(root, "a"), { maxBytes: 10 })).toEqual({ kind: "text", text: "ééééé" });
    expect(await readBoundedText(join(root, "a"), { maxBytes: 9 })).toEqual({
      kind: "not-usable",
      why: "it is too large",
    });
  });

  test("a large file is read whole", async () => {
    const text = "0123456789".repeat(50_000);
    await writeFile(join(root, "a"), text);
    expect(await readBoundedText(join(root, "a"), { maxBytes: 500_000 })).toEqual({ kind: "text", text });
  });

  test("what is not there is missing, below a file too", async () => {
    await writeFile(join(root, "a"), "");
    expect(await readBoundedText(join(root, "b"), { maxBytes: 9 })).toEqual({ kind: "missing" });
    expect(await readBoundedText(join(root, "a/b"), { maxBytes: 9 })).toEqual({ kind: "missing" });
    expect(await readBoundedText(join(root, "b"), { maxBytes: 9, within: root })).toEqual({ kind: "missing" });
  });

  test("a pipe, a device and a folder are not waited for", async () => {
    execFileSync("mkfifo", [join(root, "pipe")]);
    const notRegular = { kind: "not-usable", why: "it is not a regular file" };
    expect(await readBoundedText(join(root, "pipe"), { maxBytes: 9 })).toEqual(notRegular);
    expect(await readBoundedText("/dev/zero", { maxBytes: 9 })).toEqual(notRegular);
    expect(await readBoundedText(root, { maxBytes: 9 })).toEqual(notRegular);
  });

  test("bytes that are no UTF-8 are not usable", async () => {
    await writeFile(join(root, "a"), new Uint8Array([0xc3]));
    expect(await readBoundedText(join(root, "a"), { maxBytes: 9 })).toMatchObject({ why: "it is not UTF-8 text" });
  });

  test("links are followed, and below `within` they are not", async () => {
    await mkdir(join(root, "in/real"), { recursive: true });
    await writeFile(join(root, "in/real/a"), "text");
    await symlink("real", join(root, "in/folder"));
    await symlink("real/a", join(root, "in/file"));
    await symlink("loop", join(root, "in/loop"));
    await symlink("in", join(root, "door"));
    const link = { kind: "not-usable", why: "it is, or lies behind, a symbolic link" };
    const read = (path: string) => readBoundedText(join(root, path), { maxBytes: 9, within: join(root, "in") });
    expect(await readBoundedText(join(root, "in/folder/a"), { maxBytes: 9 })).toMatchObject({ text: "text" });
    expect(await read("in/real/a")).toMatchObject({ text: "text" });
    expect(await read("in/folder/a")).toEqual(link);
    expect(await read("in/file")).toEqual(link);
    expect(await read("in/loop")).toEqual(link);
    // The folder itself may be reached through a link: that one is the operator's.
    const throughDoor = { maxBytes: 9, within: join(root, "door") };
    expect(await readBoundedText(join(root, "door/real/a"), throughDoor)).toMatchObject({ text: "text" });
  });
});

describe("listNames", () => {
  test("lists a folder, sorted; what is no folder, or lies behind a link below `within`, is not there", async () => {
    await mkdir(join(root, "in/real/b"), { recursive: true });
    await writeFile(join(root, "in/real/a"), "");
    await symlink("real", join(root, "in/link"));
    expect(await listNames(join(root, "in/real"))).toEqual(["a", "b"]);
    expect(await listNames(join(root, "in/link"))).toEqual(["a", "b"]);
    expect(await listNames(join(root, "in/link"), join(root, "in"))).toBeUndefined();
    expect(await listNames(join(root, "in/real/a"))).toBeUndefined();
    expect(await listNames(join(root, "nothing"))).toBeUndefined();
  });
});

describe("isSamePlace", () => {
  test("sees through links, and is false for what is not there", async () => {
    await symlink(root, join(root, "self"));
    expect(await isSamePlace(join(root, "self"), root)).toBe(true);
    expect(await isSamePlace(root, tmpdir())).toBe(false);
    expect(await isSamePlace(root, join(root, "nothing"))).toBe(false);
  });
});
