import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { as, callers, git, makeRepository, survey, write } from "../../test/security/workspace-fixture.ts";
import { makePaths } from "../base/paths.ts";
import { findMount } from "./find-mount.ts";

const uid = callers.at(-1)?.uid ?? 0;
const names = (found: { readonly entries: readonly { readonly path: string }[] }) =>
  found.entries.map(({ path }) => path);

test("a repository gives what is tracked, changed and new, not what is ignored or deleted", () =>
  as(uid, async (folder) => {
    const source = makeRepository(folder, {
      "a.txt": "a",
      "gone.txt": "x",
      "sub/b.txt": "b",
      ".gitignore": "*.log\nout/\n",
    });
    write(source, { "new.txt": "new", "x.log": "log", "out/x": "x", ".git/info/exclude": "private\n", private: "x" });
    rmSync(join(source, "gone.txt"));
    mkdirSync(join(source, "empty"));

    const found = await survey(join(source, "sub"), uid);

    expect(names(found)).toEqual([".gitignore", "a.txt", "new.txt", "sub/b.txt"]);
    expect(found).toMatchObject({ root: source, kind: "git", subfolder: "sub", branch: "main", files: 4, bytes: 16 });
    expect(found).toMatchObject({ truncated: false, leftOut: [], owner: { uid, gid: uid } });
  }));

test("a folder gives everything, empty folders too", () =>
  as(uid, async (folder) => {
    write(folder, { "a.txt": "a", "d/e/f": "f", "d/g": "g" });
    mkdirSync(join(folder, "empty"));
    const found = await survey(folder, uid);
    expect(names(found)).toEqual(["a.txt", "d/e/f", "d/g", "empty"]);
    expect(found).toMatchObject({
      kind: "folder",
      subfolder: "",
      branch: undefined,
      files: 3,
      bytes: 3,
      historyBytes: 0,
    });
  }));

test("secrets, excluded, special and unreadable files are listed as left out, each with its reason", () =>
  as(uid, async (folder) => {
    write(folder, {
      ".env": "x",
      ".env.example": "x",
      "d/.ssh/id_rsa": "x",
      "d/.ssh/config": "x",
      "big/a": "x",
      "big/b/c": "x",
    });
    write(folder, { closed: "x", "closed-folder/a": "x", "nested/.git/HEAD": "x", "nested/a": "x", ok: "x" });
    write(folder, { "bare.git/HEAD": "x", "bare.git/config": "x", "bare.git/refs/x": "", "bare.git/objects/x": "" });
    execFileSync("mkfifo", [join(folder, "pipe")]);
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    chmodSync(join(folder, "closed"), 0);
    chmodSync(join(folder, "closed-folder"), 0);

    const found = await survey(folder, uid, { exclude: ["big/"] });
    server.close();
    chmodSync(join(folder, "closed-folder"), 0o700);

    expect(names(found)).toEqual([
      ".env.example",
      "bare.git/HEAD",
      "bare.git/objects/x",
      "bare.git/refs/x",
      "nested/a",
      "ok",
    ]);
    expect(found.leftOut).toHaveLength(9);
    expect(found.leftOut).toEqual(
      expect.arrayContaining([
        { path: ".env", why: "looks-like-secret" },
        { path: "d/.ssh/", why: "looks-like-secret" },
        { path: "big/", why: "excluded" },
        { path: "closed", why: "unreadable" },
        { path: "closed-folder/", why: "unreadable" },
        { path: "nested/.git", why: "nested-repository" },
        { path: "bare.git/config", why: "nested-repository" },
        { path: "pipe", why: "special-file" },
        { path: "socket", why: "special-file" },
      ]),
    );
  }));

test("exclude takes tracked files out, include brings secrets and ignored files in, and exclude wins", () =>
  as(uid, async (folder) => {
    const source = makeRepository(folder, { "secret/a": "a", "a.pem": "tracked", ".gitignore": ".env*\n" });
    write(source, { ".env": "x", ".env.local": "x", "new.pem": "x", "new.key": "x" });

    const found = await survey(source, uid, { exclude: ["secret/", ".env.local"], include: [".env*", "*.pem"] });

    expect(names(found)).toEqual([".env", ".gitignore", "a.pem", "new.pem"]);
    expect(found.leftOut).toEqual(
      expect.arrayContaining([
        { path: "secret/", why: "excluded" },
        { path: ".env.local", why: "excluded" },
        { path: "new.key", why: "looks-like-secret" },
      ]),
    );
  }));

test("repositories inside give their files by their own rules, not their .git", () =>
  as(uid, async (folder) => {
    const upstream = makeRepository(join(folder, "upstream"), { "s.txt": "s" });
    const source = makeRepository(join(folder, "source"), { "a.txt": "a" });
    git(source, "submodule", "add", "-q", upstream, "sub");
    git(source, "commit", "-qm", "sub");
    write(source, { "sub/new.txt": "n" });
    makeRepository(join(source, "inner"), { "i.txt": "i", ".gitignore": "*.log\n" });
    write(source, { "inner/x.log": "log" });

    const found = await survey(source, uid);

    expect(names(found)).toEqual([
      ".gitmodules",
      "a.txt",
      "inner/.gitignore",
      "inner/i.txt",
      "sub/new.txt",
      "sub/s.txt",
    ]);
    expect(found.leftOut).toEqual(
      expect.arrayContaining([
        { path: "inner/.git", why: "nested-repository" },
        { path: "sub/.git", why: "nested-repository" },
      ]),
    );
  }));

test("names with newlines, dashes, control characters and bytes that are no text do not get lost", () =>
  as(uid, async (folder) => {
    const source = makeRepository(folder, { "-rf": "a", "new\nline": "b", "esc\x1b[31m": "c", "ü ": "d" });
    const raw = Buffer.concat([Buffer.from(`${source}/bad`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(raw, "e");
    git(source, "add", "-A");
    const found = await survey(source, uid);
    expect(names(found)).toEqual(expect.arrayContaining(["-rf", "new\nline", "esc\x1b[31m", "ü "]));
    expect(found.entries.find((entry) => entry.raw !== undefined)?.raw).toEqual(Buffer.from("bad\xff\xfe", "latin1"));
    expect(found.files).toBe(5);
  }));

test.each(["git", "folder"])("counting a %s stops at its bound, and says so", (kind) =>
  as(uid, async (folder) => {
    write(folder, Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`d${index % 3}/f${index}`, "x"])));
    if (kind === "git") git(folder, "init", "-q");
    const found = await survey(folder, uid, { bound: 10 });
    expect(found.truncated).toBe(true);
    expect(found.files).toBeGreaterThanOrEqual(10);
    expect(found.files).toBeLessThan(30);
  }),
);

test("a survey that is stopped ends with the reason and leaves no scratch folder", () =>
  as(uid, async (folder) => {
    const before = readdirSync("/tmp").filter((name) => name.startsWith("bottle-git-")).length;
    const source = makeRepository(folder, { a: "a" });
    const signal = AbortSignal.abort("SIGINT");
    await expect(survey(source, uid, { signal })).rejects.toBe("SIGINT");
    expect(readdirSync("/tmp").filter((name) => name.startsWith("bottle-git-")).length).toBeLessThanOrEqual(before);
  }));

describe("refused", () => {
  const refused = { code: "workspace/not-allowed" };

  test("/, the home folder by any name, what is above it, and folders of keys", () =>
    as(uid, async (folder) => {
      const userHome = join(folder, "people/me");
      mkdirSync(join(userHome, ".ssh"), { recursive: true });
      mkdirSync(join(userHome, "project"));
      symlinkSync(userHome, join(folder, "link"));
      for (const place of [
        "/",
        userHome,
        `${userHome}/`,
        join(folder, "link"),
        join(folder, "people"),
        join(userHome, ".ssh"),
      ]) {
        await expect(survey(place, uid, { userHome })).rejects.toMatchObject(refused);
        await expect(survey(place, uid, { userHome: join(folder, "link") })).rejects.toMatchObject(refused);
      }
      await expect(survey(join(userHome, "project"), uid, { userHome })).resolves.toMatchObject({ files: 0 });
    }));

  test("a repository that starts at the home folder, with what to do instead", () =>
    as(uid, async (folder) => {
      makeRepository(folder, { "project/a": "a" });
      const error = await survey(join(folder, "project"), uid, { userHome: folder }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ ...refused, hint: expect.stringContaining("git init") });
    }));

  test("the inside of a repository, and a bare one", () =>
    as(uid, async (folder) => {
      const source = makeRepository(join(folder, "source"), { a: "a" });
      git(folder, "init", "-q", "--bare", "bare");
      for (const place of [join(source, ".git/refs"), join(folder, "bare")]) {
        await expect(survey(place, uid)).rejects.toMatchObject(refused);
      }
    }));

  test("what is no folder or not there", () =>
    as(uid, async (folder) => {
      write(folder, { file: "x" });
      for (const place of [join(folder, "file"), join(folder, "none")]) {
        await expect(survey(place, uid)).rejects.toMatchObject({ code: "workspace/unreadable" });
      }
    }));

  test.skipIf(uid === process.getuid?.())(
    "a repository that somebody else put above the folder (needs root to be set up)",
    () =>
      as(0, async (folder) => {
        makeRepository(folder, { a: "a" });
        mkdirSync(join(folder, "mine"));
        chmodSync(folder, 0o755);
        execFileSync("chown", ["-R", "61236", join(folder, ".git")]);
        await expect(survey(join(folder, "mine"), 0)).rejects.toMatchObject(refused);
        const paths = makePaths({}, "/none");
        const mount = (place: string) => findMount(place, { userHome: "/none", uid: 0, paths });
        expect(() => mount(join(folder, "mine"))).toThrow(expect.objectContaining(refused));
        expect(mount(folder)).toMatchObject({ root: folder }); // who stands there has seen it
      }),
  );
});
