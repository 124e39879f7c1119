import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { as, callers, copy, filesOf, git, isRoot, makeRepository, survey, write } from "./workspace-fixture.ts";

/** A program that leaves a trace when anything starts it, and answers like `cat`. */
function writeCanary(folder: string): { readonly program: string; readonly traces: () => readonly string[] } {
  const traces = join(folder, "traces");
  const program = join(folder, "canary");
  mkdirSync(traces);
  chmodSync(traces, 0o777);
  write(folder, { canary: `#!/bin/sh\necho "$0 $*" > ${traces}/$$\ncat\n` });
  chmodSync(program, 0o755);
  return { program, traces: () => readdirSync(traces) };
}

/** Every setting by which a repository can name a program, set to the canary. */
function boobyTrap(source: string, program: string): void {
  const settings: readonly (readonly [string, string])[] = [
    ["core.fsmonitor", program],
    ["core.fsmonitorHookVersion", "1"],
    ["core.hooksPath", join(source, ".git/hooks")],
    ["core.sshCommand", program],
    ["core.gitProxy", program],
    ["core.pager", program],
    ["core.editor", program],
    ["core.askPass", program],
    ["core.alternateRefsCommand", program],
    ["core.splitIndex", "true"],
    ["core.untrackedCache", "true"],
    ["filter.x.clean", program],
    ["filter.x.smudge", program],
    ["filter.x.process", program],
    ["filter.x.required", "true"],
    ["diff.x.textconv", program],
    ["diff.x.command", program],
    ["diff.external", program],
    ["merge.x.driver", program],
    ["credential.helper", program],
    ["uploadpack.packObjectsHook", program],
    ["gpg.program", program],
    ["gpg.ssh.program", program],
    ["log.showSignature", "true"],
    ["sequence.editor", program],
    ["alias.ls-files", `!${program}`],
    ["alias.config", `!${program}`],
    ["alias.pack-objects", `!${program}`],
    ["pager.ls-files", program],
    ["pager.config", program],
    ["trailer.x.command", program],
    ["submodule.sub.update", `!${program}`],
    ["remote.origin.url", `ext::${program}`],
    ["remote.origin.vcs", "ext"],
    ["remote.origin.uploadpack", program],
    ["remote.origin.promisor", "true"],
    ["extensions.partialClone", "origin"],
    ["protocol.ext.allow", "always"],
    ["trace2.eventTarget", join(source, "..", "traces", "trace2")],
    ["include.path", "more.config"],
    ["includeIf.gitdir:**.path", "more.config"],
  ];
  const text = settings.map(([key, value]) => {
    const [section = "", ...rest] = key.split(".");
    const name = rest.pop() ?? "";
    const heading = rest.length > 0 ? `[${section} "${rest.join(".")}"]` : `[${section}]`;
    return `${heading}\n\t${name} = "${value}"\n`;
  });
  write(source, {
    ".git/config": `[core]\n\trepositoryformatversion = 1\n\tbare = false\n${text.join("")}`,
    ".git/more.config": `[core]\n\tfsmonitor = ${program}\n`,
    ".git/info/attributes": "* filter=x diff=x merge=x\n",
  });
  for (const hook of [
    "post-index-change",
    "pre-commit",
    "fsmonitor-watchman",
    "reference-transaction",
    "post-checkout",
  ]) {
    execFileSync("cp", [program, join(source, ".git/hooks", hook)]);
  }
}

const owners = [
  ...callers.map(({ who, uid }) => ({ who, uid, owner: uid })),
  ...(isRoot ? [{ who: "root, for somebody else's tree", uid: 0, owner: 61_235 }] : []),
];

describe.each(owners)("for $who", ({ uid, owner }) => {
  test("nothing that a repository's configuration, attributes or hooks name is started", () =>
    as(uid, async (folder) => {
      chmodSync(folder, 0o755);
      const { program, traces } = writeCanary(folder);
      const source = makeRepository(join(folder, "source"), {
        "a.txt": "a\n",
        "sub/b.txt": "b\n",
        ".gitattributes": "* filter=x diff=x merge=x\n",
        ".gitmodules": `[submodule "sub"]\n\tpath = nested\n\turl = ext::${program}\n\tupdate = !${program}\n`,
      });
      const nested = makeRepository(join(source, "nested"), { "c.txt": "c\n", ".gitattributes": "* filter=x\n" });
      write(source, { "a.txt": "changed\n", "new.txt": "new\n" });
      write(nested, { "c.txt": "changed\n" });
      git(source, "update-index", "--split-index", "--untracked-cache");
      boobyTrap(source, program);
      boobyTrap(nested, program);
      if (owner !== uid) execFileSync("chown", ["-R", `${owner}:${owner}`, source, join(folder, "traces")]);

      // the traps do work: plain git steps into one
      expect(() => git(source, "add", "--renormalize", ".")).toThrow();
      expect(traces().length).toBeGreaterThan(0);
      // git does not wait for all that it started: a late one must not be taken for ours
      const deadline = Date.now() + 15_000;
      while (spawnSync("pgrep", ["-f", program]).status === 0) expect(Date.now()).toBeLessThan(deadline);
      for (const name of traces()) execFileSync("rm", ["-f", join(folder, "traces", name)]);

      await survey(source, uid, { include: ["*.nothing"] });
      const copied = await copy(source, join(folder, "copy"), uid);

      expect(traces()).toEqual([]);
      expect(filesOf(copied)).toEqual(
        expect.arrayContaining(["a.txt", "sub/b.txt", "new.txt", "nested/c.txt", ".gitattributes"]),
      );
      expect(existsSync(join(copied, "nested/.git"))).toBe(false);
      git(copied, "status");
      expect(traces()).toEqual([]);
    }));

  test("the original is left exactly as it was", () =>
    as(uid, async (folder) => {
      chmodSync(folder, 0o755);
      const source = makeRepository(join(folder, "source"), { "a.txt": "a\n" });
      write(source, { "a.txt": "changed\n", "new.txt": "new\n" });
      symlinkSync("a.txt", join(source, "link"));
      if (owner !== uid) execFileSync("chown", ["-R", `${owner}:${owner}`, source]);
      const look = () =>
        execFileSync("find", [source, "-printf", "%p %i %C@ %T@ %m %U %s\n"]).toString().split("\n").sort().join("\n");
      const before = look();

      await copy(source, join(folder, "copy"), uid);

      expect(look()).toBe(before);
    }));

  test("a partial clone fetches nothing and still arrives as a repository", () =>
    as(uid, async (folder) => {
      chmodSync(folder, 0o755);
      const { program, traces } = writeCanary(folder);
      const upstream = makeRepository(join(folder, "upstream"), { "a.txt": "a\n" });
      write(upstream, { "a.txt": "second\n" });
      git(upstream, "commit", "-qam", "second");
      git(upstream, "config", "uploadpack.allowFilter", "true");
      const source = join(folder, "source");
      git(folder, "clone", "-q", "--filter=blob:none", `file://${upstream}`, source);
      git(source, "config", "remote.origin.uploadpack", program);
      if (owner !== uid) execFileSync("chown", ["-R", `${owner}:${owner}`, source, join(folder, "traces")]);

      const copied = await copy(source, join(folder, "copy"), uid);

      expect(traces()).toEqual([]);
      expect(git(copied, "log", "--format=%s").trim().split("\n")).toEqual(["second", "first"]);
      expect(git(copied, "status", "--short")).toBe("");
      git(copied, "fsck");
    }));
});
