import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { as, callers, copy, everythingIn, git, makeRepository, write } from "./workspace-fixture.ts";

const TOKEN = ["ghs", "16C7e42F292c6912E7710c838347Ae178B4a"].join("_");
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");

describe.each(callers)("for $who", ({ uid }) => {
  test("a repository as actions/checkout leaves it: its token is nowhere in the copy", () =>
    as(uid, async (folder) => {
      const source = makeRepository(join(folder, "source"), { "a.txt": "a\n" });
      write(folder, {
        "outside.config": `[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic ${BASIC}\n`,
      });
      write(source, {
        ".git/inside.config": `[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic ${BASIC}\n`,
      });
      const settings = [
        ["remote.origin.url", `https://x-access-token:${TOKEN}@github.com/o/r?token=${TOKEN}#${TOKEN}`],
        ["remote.origin.pushurl", `ext::sh -c ${TOKEN}`],
        ["remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"],
        ["remote.origin.proxy", `http://u:${TOKEN}@proxy/`],
        ["http.https://github.com/.extraheader", `AUTHORIZATION: basic ${BASIC}`],
        ["includeIf.gitdir:/github/workspace/.git.path", join(folder, "outside.config")],
        ["includeIf.gitdir:**.path", "inside.config"],
        ["include.path", join(folder, "outside.config")],
        ["safe.directory", source],
        ["credential.helper", `!echo ${TOKEN}`],
        [`url.https://${TOKEN}@github.com/.insteadOf`, "https://github.com/"],
        ["user.signingkey", TOKEN],
        ["branch.main.remote", "origin"],
        ["branch.main.merge", "refs/heads/main"],
        ["branch.main.description", TOKEN],
        ["core.sshCommand", `ssh -i ${TOKEN}`],
      ] as const;
      for (const [key, value] of settings) git(source, "config", "--add", key, value);
      write(source, { ".git/hooks/pre-commit": TOKEN, ".git/FETCH_HEAD": TOKEN, ".git/description": TOKEN });
      write(source, { ".git/config.lock": TOKEN, ".git/credentials": TOKEN, ".git/info/attributes": TOKEN });

      expect(everythingIn(source)).toContain(BASIC);

      const copied = await copy(source, join(folder, "copy"), uid);

      const everything = everythingIn(copied);
      expect(everything).not.toContain(TOKEN);
      expect(everything).not.toContain(BASIC);
      expect(everything).not.toContain("extraheader");
      expect(git(copied, "config", "--local", "--list").trim().split("\n")).toEqual([
        "core.repositoryformatversion=0",
        "core.bare=false",
        "core.logallrefupdates=true",
        "core.filemode=true",
        "remote.origin.url=https://github.com/o/r",
        "remote.origin.fetch=+refs/heads/*:refs/remotes/origin/*",
        "branch.main.remote=origin",
        "branch.main.merge=refs/heads/main",
      ]);
    }));

  test("stashes, reflogs, amended commits and unreferenced objects stay outside", () =>
    as(uid, async (folder) => {
      const source = makeRepository(join(folder, "source"), { "a.txt": "a\n" });
      write(source, { "a.txt": `amended ${TOKEN}\n` });
      git(source, "commit", "-qam", `message ${TOKEN}`);
      git(source, "reset", "-q", "--hard", "HEAD~1");
      write(source, { "a.txt": `stashed ${TOKEN}\n` });
      git(source, "stash");
      write(source, { "b.txt": `unstaged ${TOKEN}\n` });
      git(source, "add", "b.txt");
      git(source, "rm", "-q", "--cached", "b.txt");
      git(source, "notes", "add", "-m", TOKEN);
      git(source, "update-ref", "refs/tool/backup", git(source, "stash", "create").trim() || "stash@{0}");
      write(source, { "b.txt": "clean\n", ".git/info/exclude": "x\n" });
      git(source, "gc", "-q");
      expect(everythingIn(source).split(TOKEN).length).toBeGreaterThan(5);

      const copied = await copy(source, join(folder, "copy"), uid);

      expect(everythingIn(copied)).not.toContain(TOKEN);
      expect(git(copied, "for-each-ref", "--format=%(refname)").trim()).toBe("refs/heads/main");
      expect(existsSync(join(copied, ".git/logs"))).toBe(false);
    }));

  test("names and addresses cannot write lines of their own into the configuration", () =>
    as(uid, async (folder) => {
      const source = makeRepository(join(folder, "source"), { "a.txt": "a\n" });
      const hostile = 'a"b\\c ; # x';
      git(source, "config", "remote.up.url", `/srv/${hostile}`);
      git(source, "config", "remote.up.fetch", "+refs/heads/*:refs/remotes/up/*");
      git(source, "config", "remote.evil.url", "https://h/x\n[core]\n\tsshCommand = touch /tmp/owned");
      git(source, "config", "remote.evil.fetch", "+refs/heads/*:refs/x\n[core]\n\tfsmonitor = x");
      git(source, "config", 'remote.e"] [alias "x.url', "https://h/y");
      git(source, "config", "branch.main.merge", "refs/heads/m\n[alias]\n\tst = !x");
      git(source, "config", "branch.a;b.remote", "up");

      const copied = await copy(source, join(folder, "copy"), uid);

      const listed = git(copied, "config", "--local", "--list").trim().split("\n").slice(4);
      expect(listed).toEqual([
        `remote.up.url=/srv/${hostile}`,
        "remote.up.fetch=+refs/heads/*:refs/remotes/up/*",
        "branch.a;b.remote=up",
      ]);
    }));

  test("files that look like secrets stay outside unless tracked, and .env comes in when it is included", () =>
    as(uid, async (folder) => {
      const source = makeRepository(join(folder, "source"), { "tracked.pem": "public\n", ".gitignore": ".env\n" });
      mkdirSync(join(source, ".aws"));
      for (const name of [".env", ".env.local", ".npmrc", ".aws/credentials", "id_ed25519", "server.key"]) {
        writeFileSync(join(source, name), TOKEN);
      }
      const copied = await copy(source, join(folder, "copy"), uid);

      expect(everythingIn(copied)).not.toContain(TOKEN);
      expect(existsSync(join(copied, "tracked.pem"))).toBe(true);
    }));
});
