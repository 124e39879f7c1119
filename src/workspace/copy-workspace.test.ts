import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  as,
  callers,
  copy,
  filesOf,
  git,
  makeRepository,
  survey,
  write,
} from "../../test/security/workspace-fixture.ts";
import { run } from "../base/process.ts";
import { copyWorkspace } from "./copy-workspace.ts";
import { ALTERNATES } from "./object-store.ts";

const uid = callers.at(-1)?.uid ?? 0;

/** What `git status`, the index and the refs say: must be the same outside and inside. */
function stateOf(folder: string): string {
  const refs = git(folder, "for-each-ref", "refs/heads", "refs/tags", "refs/remotes");
  return [git(folder, "status", "--porcelain=v2", "--branch"), git(folder, "ls-files", "--stage", "-v"), refs].join(
    "\n",
  );
}

/** Each makes a repository in a folder and returns its work tree. */
const REPOSITORIES: Readonly<Record<string, (folder: string) => string>> = {
  "with staged, changed, new, deleted and renamed files": (folder) => {
    const source = makeRepository(folder, {
      a: "a\n",
      b: "b\n",
      c: "c\n",
      d: "long enough to be seen as renamed\n",
      e: "e\n",
    });
    git(source, "mv", "d", "d2");
    git(source, "rm", "-q", "--cached", "e");
    git(source, "tag", "-a", "v1", "-m", "one");
    git(source, "branch", "feature/ü");
    write(source, { a: "staged\n" });
    git(source, "add", "a");
    write(source, { a: "changed again\n", "new file": "n\n", intended: "i\n" });
    git(source, "add", "-N", "intended");
    rmSync(join(source, "b"));
    return source;
  },
  "without a commit": (folder) => {
    git(folder, "init", "-q", "-b", "unborn");
    write(folder, { a: "a\n", staged: "s\n" });
    git(folder, "add", "staged");
    return folder;
  },
  "without anything": (folder) => {
    git(folder, "init", "-q");
    return folder;
  },
  "with a detached HEAD": (folder) => {
    const source = makeRepository(folder, { a: "a\n" });
    git(source, "commit", "-q", "--allow-empty", "-m", "second");
    git(source, "checkout", "-q", "HEAD~1");
    git(source, "commit", "-q", "--allow-empty", "-m", "on no branch");
    return source;
  },
  "with SHA-256 objects": (folder) => makeRepository(folder, { a: "a\n" }, "--object-format=sha256"),
  "with a conflict": (folder) => {
    const source = makeRepository(folder, { a: "a\n" });
    git(source, "checkout", "-q", "-b", "other");
    write(source, { a: "other\n" });
    git(source, "commit", "-qam", "other");
    git(source, "checkout", "-q", "main");
    write(source, { a: "main\n" });
    git(source, "commit", "-qam", "main");
    expect(() => git(source, "merge", "other")).toThrow();
    return source;
  },
  "that is a clone with remotes": (folder) => {
    const upstream = makeRepository(join(folder, "upstream"), { a: "a\n" });
    git(folder, "clone", "-q", upstream, "clone");
    git(join(folder, "clone"), "commit", "-q", "--allow-empty", "-m", "ahead");
    return join(folder, "clone");
  },
  "that is shallow": (folder) => {
    const upstream = makeRepository(join(folder, "upstream"), { a: "a\n" });
    git(upstream, "commit", "-q", "--allow-empty", "-m", "second");
    git(folder, "clone", "-q", "--depth=1", `file://${upstream}`, "clone");
    return join(folder, "clone");
  },
  "that borrows objects": (folder) => {
    const upstream = makeRepository(join(folder, "up:stream"), { a: "a\n" });
    git(folder, "clone", "-q", "--shared", upstream, "clone");
    return join(folder, "clone");
  },
  "that is a worktree": (folder) => {
    const main = makeRepository(join(folder, "main"), { a: "a\n" });
    git(main, "worktree", "add", "-q", "../tree", "-b", "side");
    write(join(folder, "tree"), { a: "side\n" });
    return join(folder, "tree");
  },
  "that is a worktree of a bare one": (folder) => {
    const main = makeRepository(join(folder, "main"), { a: "a\n" });
    git(folder, "clone", "-q", "--bare", main, ".bare");
    git(join(folder, ".bare"), "worktree", "add", "-q", "../tree", "-b", "side");
    return join(folder, "tree");
  },
  "that is a submodule": (folder) => {
    const upstream = makeRepository(join(folder, "upstream"), { s: "s\n" });
    const main = makeRepository(join(folder, "main"), { a: "a\n" });
    git(main, "submodule", "add", "-q", upstream, "sub");
    return join(main, "sub");
  },
  "with a submodule": (folder) => {
    const upstream = makeRepository(join(folder, "upstream"), { s: "s\n" });
    const main = makeRepository(join(folder, "main"), { a: "a\n" });
    git(main, "submodule", "add", "-q", upstream, "sub");
    git(main, "commit", "-qm", "sub");
    return main;
  },
  "with a sparse checkout": (folder) => {
    const source = makeRepository(folder, { "in/a": "a\n", "out/b": "b\n" });
    git(source, "sparse-checkout", "set", "--cone", "--sparse-index", "in");
    return source;
  },
  "with a split index and marks": (folder) => {
    const source = makeRepository(folder, { a: "a\n", b: "b\n", c: "c\n" });
    git(source, "update-index", "--split-index", "--untracked-cache");
    write(source, { new: "n\n" });
    git(source, "status");
    git(source, "update-index", "--assume-unchanged", "b");
    git(source, "update-index", "--skip-worktree", "c");
    return source;
  },
  "with packed refs, a symbolic branch and a broken ref": (folder) => {
    const source = makeRepository(folder, { a: "a\n" });
    git(source, "branch", "packed");
    git(source, "pack-refs", "--all");
    git(source, "symbolic-ref", "refs/heads/alias", "refs/heads/main");
    return source;
  },
  "with line ends of its own": (folder) => {
    git(folder, "init", "-q", "-b", "main");
    git(folder, "config", "core.autocrlf", "true");
    git(folder, "config", "core.filemode", "false");
    makeRepository(folder, { a: "a\r\nb\r\n" });
    chmodSync(join(folder, "a"), 0o755);
    return folder;
  },
};

describe.each(Object.entries(REPOSITORIES))("a repository %s", (_, make) => {
  test("says the same inside as outside, and stands alone", () =>
    as(uid, async (folder) => {
      mkdirSync(join(folder, "outside"));
      const source = make(join(folder, "outside"));
      const expected = stateOf(source);

      const copied = await copy(source, join(folder, "copy"), uid, { include: [ALTERNATES] });
      renameSync(join(folder, "outside"), join(folder, "moved"));

      expect(stateOf(copied)).toBe(expected);
      git(copied, "fsck", "--strict");
      expect(lstatSync(join(copied, ".git")).isDirectory()).toBe(true);
      expect(existsSync(join(copied, ".git/objects/info/alternates"))).toBe(false);
    }));
});

test("a broken ref is left behind, and a HEAD that points nowhere is an error", () =>
  as(uid, async (folder) => {
    const source = makeRepository(join(folder, "source"), { a: "a\n" });
    write(source, {
      ".git/refs/heads/broken": `${"1".repeat(40)}\n`,
      ".git/refs/heads/a b": "x",
      ".git/refs/heads/x.lock": "y",
    });
    const copied = await copy(source, join(folder, "copy"), uid);
    expect(git(copied, "for-each-ref", "--format=%(refname)").trim()).toBe("refs/heads/main");

    write(source, { ".git/HEAD": `${"1".repeat(40)}\n` });
    await expect(copy(source, join(folder, "second"), uid)).rejects.toMatchObject({ code: "workspace/unreadable" });
    write(source, { ".git/HEAD": "nonsense\n" });
    await expect(copy(source, join(folder, "second"), uid)).rejects.toMatchObject({ code: "workspace/unreadable" });
    expect(readdirSync(folder)).toEqual(["copy", "source"]);
  }));

test("an identity is written when one is given, quoted", () =>
  as(uid, async (folder) => {
    const source = makeRepository(join(folder, "source"), { a: "a\n" });
    const gitUser = { name: 'Zoë "Z"\n[core]', email: undefined };
    const copied = await copy(source, join(folder, "copy"), uid, { gitUser });
    expect(git(copied, "config", "user.name")).toBe(`${gitUser.name}\n`);
    expect(() => git(copied, "config", "user.email")).toThrow();
  }));

test("contents, links, times, the executable bit and names that are no text arrive", () =>
  as(uid, async (folder) => {
    const source = join(folder, "source");
    write(source, { a: "text", "d/run": "#!/bin/sh\n", "-x\n": "y" });
    writeFileSync(join(source, "large"), Buffer.alloc(9 * 1024 * 1024 + 7, "large"));
    chmodSync(join(source, "d/run"), 0o4711);
    utimesSync(join(source, "a"), 1_000_000, 1_000_000);
    symlinkSync("d/run", join(source, "link"));
    mkdirSync(join(source, "empty"));
    const raw = Buffer.concat([Buffer.from("/bad"), Buffer.from([0xff, 0xfe])]);
    mkdirSync(Buffer.concat([Buffer.from(source), raw]));
    writeFileSync(Buffer.concat([Buffer.from(source), raw, Buffer.from("/f")]), "raw");
    const seen: number[] = [];

    const found = await survey(source, uid);
    const target = join(folder, "copy");
    const result = await copyWorkspace(found, target, { run, uid, onProgress: ({ files }) => seen.push(files) });

    expect(result).toEqual({ files: 6, bytes: found.bytes, skipped: [] });
    expect(seen.at(-1)).toBe(6);
    execFileSync("diff", ["-r", source, target]);
    expect(statSync(join(target, "d/run")).mode & 0o7777 & 0o7100).toBe(0o100);
    expect(statSync(join(target, "a")).mtimeMs).toBe(1_000_000_000);
    expect(lstatSync(join(target, "link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(Buffer.concat([Buffer.from(target), raw, Buffer.from("/f")]), "utf8")).toBe("raw");
  }));

test("an existing target is not touched", () =>
  as(uid, async (folder) => {
    write(folder, { "source/a": "a", "target/keep": "k" });
    await expect(copy(join(folder, "source"), join(folder, "target"), uid)).rejects.toMatchObject({
      code: "file/not-usable",
    });
    expect(filesOf(join(folder, "target"))).toEqual(["keep"]);
  }));

test("a copy that is stopped leaves nothing", () =>
  as(uid, async (folder) => {
    const source = makeRepository(join(folder, "source"), { a: "a" });
    writeFileSync(join(source, "large"), Buffer.alloc(20 * 1024 * 1024));
    writeFileSync(Buffer.concat([Buffer.from(`${source}/a`), Buffer.from([0xff])]), "name that is no text");
    const found = await survey(source, uid);
    const stop = new AbortController();
    const options = { run, uid, signal: stop.signal, onProgress: () => setImmediate(() => stop.abort("SIGINT")) };
    await expect(copyWorkspace(found, join(folder, "copy"), options)).rejects.toBe("SIGINT");
    expect(readdirSync(folder)).toEqual(["source"]);
  }));

test("a copy that is stopped while git is at work says that, and nothing of git", () =>
  as(uid, async (folder) => {
    const found = await survey(makeRepository(folder, { a: "a\n" }), uid);
    const stop = new AbortController();
    const stopping: typeof run = (argv, options) => {
      if (argv.includes("git")) stop.abort("SIGINT");
      return run(argv, options);
    };
    const copying = copyWorkspace(found, join(folder, "copy"), { run: stopping, uid, signal: stop.signal });
    await expect(copying).rejects.toBe("SIGINT");
  }));

test("a copy that fails by itself says why, also when it is stopped while it is taken away", () =>
  as(uid, async (folder) => {
    const source = makeRepository(folder, { a: "a\n" });
    const found = await survey(source, uid);
    rmSync(join(source, ".git"), { recursive: true });
    const stop = new AbortController();
    const removing: typeof run = (argv, options) => {
      if (argv[0] === "rm") stop.abort("the guest failed");
      return run(argv, options);
    };
    const copying = copyWorkspace(found, join(folder, "copy"), { run: removing, uid, signal: stop.signal });
    await expect(copying).rejects.toMatchObject({ code: "workspace/unreadable" });
    expect(stop.signal.aborted).toBe(true);
  }));

test("a survey that was not counted to its end is not copied", () =>
  as(uid, async (folder) => {
    write(folder, { "source/a": "a", "source/b": "b", "source/c/d": "d" });
    const found = await survey(join(folder, "source"), uid, { bound: 1 });
    await expect(copyWorkspace(found, join(folder, "copy"), { run, uid })).rejects.toMatchObject({
      code: "workspace/too-large",
    });
  }));
