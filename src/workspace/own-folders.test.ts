import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { as, callers, git, makeRepository, survey, write } from "../../test/security/workspace-fixture.ts";
import { makePaths } from "../base/paths.ts";
import { findMount } from "./find-mount.ts";

const uid = callers.at(-1)?.uid ?? 0;
const refused = { code: "workspace/not-allowed" };

const ownPaths = (folder: string) =>
  makePaths({ BOT_BOTTLE_HOME: join(folder, "set/ours"), XDG_CACHE_HOME: join(folder, "cache") }, "/nonexistent");
const OURS = {
  "set/ours/bottles/a.md": "x",
  "set/ours/state/slug-1/home/token": "x",
  "cache/bot-bottle/trial": "x",
  "set/ours-not": "x",
  mine: "x",
};
const LEFT_OUT = [
  { path: "cache/bot-bottle/", why: "own-settings" },
  { path: "set/ours/", why: "own-settings" },
];

test.each(["tracked", "new", "in a folder"])("settings and cache stay outside, %s, whatever is included", (kind) =>
  as(uid, async (folder) => {
    if (kind === "tracked") makeRepository(folder, OURS);
    else write(folder, OURS);
    if (kind === "new") git(folder, "init", "-q");
    const found = await survey(folder, uid, { paths: ownPaths(folder), include: ["*"] });
    expect(found.entries.map(({ path }) => path)).toEqual(["mine", "set/ours-not"]);
    expect([...found.leftOut].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(LEFT_OUT);
  }),
);

test("they are found behind a link, and as a repository of their own", () =>
  as(uid, async (folder) => {
    const root = join(folder, "root");
    makeRepository(join(root, "dotfiles"), { "a.md": "x" });
    git(root, "init", "-q");
    symlinkSync(join(root, "dotfiles"), join(folder, "link"));
    const found = await survey(root, uid, { paths: makePaths({ BOT_BOTTLE_HOME: join(folder, "link") }, "/none") });
    expect(found.entries).toEqual([]);
    expect(found.leftOut).toEqual([{ path: "dotfiles/", why: "own-settings" }]);
  }));

test("our own folders are no workspace; what an ended bottle kept is one", () =>
  as(uid, async (folder) => {
    const paths = ownPaths(folder);
    write(folder, { ...OURS, "set/ours/state/slug-1/workspace/kept": "x" });
    for (const below of ["", "bottles", "state", "state/slug-1", "state/slug-1/home"]) {
      await expect(survey(join(paths.home, below), uid, { paths })).rejects.toMatchObject(refused);
    }
    await expect(survey(paths.cache, uid, { paths })).rejects.toMatchObject(refused);
    await expect(survey(join(paths.state, "slug-1/workspace"), uid, { paths })).resolves.toMatchObject({ files: 1 });
  }));

test("a mount refuses a folder with ours in it, also before it is there, and every folder of ours", () =>
  as(uid, async (folder) => {
    mkdirSync(join(folder, "project"));
    const paths = ownPaths(folder);
    const mount = (root: string) => () => findMount(root, { userHome: "/nonexistent", uid, paths });
    expect(mount(folder)).toThrow(expect.objectContaining(refused));
    expect(mount(join(folder, "project"))()).toMatchObject({ kind: "folder" });
    write(folder, { "set/ours/state/slug-1/workspace/kept": "x" });
    mkdirSync(join(folder, "project/bottles"));
    symlinkSync(join(folder, "project/bottles"), paths.bottles);
    for (const root of ["", "set", "set/ours", "set/ours/state/slug-1/workspace", "project"]) {
      expect(mount(join(folder, root))).toThrow(expect.objectContaining(refused));
    }
  }));
