import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

/** What a command inside says of where it is and what git thinks of it. */
const LOOK = 'pwd; git log --format="%s|%an" -1; git branch --show-current; git status --porcelain; echo "status $?"';
const WORKSPACE = "/home/node/workspace";

describe.each(callers)("as $who, in a home that is closed to others, a start", (caller) => {
  let machine: Machine;
  let repository: string;
  beforeAll(() => {
    machine = new Machine(caller);
    chmodSync(machine.home, 0o700);
    repository = join(machine.home, "repository");
    machine.write({ "home/repository/file.txt": "hello\n", "home/repository/deep/er/file.txt": "deeper\n" });
    machine.git(repository, "init", "-q");
    machine.git(repository, "add", ".");
    machine.git(repository, "commit", "-qm", "first");
    machine.git(repository, "worktree", "add", "-q", "-b", "side", join(machine.home, "worktree"));
    machine.write({ "home/worktree/more.txt": "more\n" });
    machine.git(join(machine.home, "worktree"), "add", ".");
    machine.git(join(machine.home, "worktree"), "commit", "-qm", "second");
  });
  afterAll(() => machine.close());

  const look = (cwd: string, script = LOOK) => machine.run(["start", "--", "sh", "-c", script], { cwd });

  test.each([
    ["a repository", "repository", WORKSPACE, "first", "main"],
    ["a folder of a repository", "repository/deep/er", `${WORKSPACE}/deep/er`, "first", "main"],
    ["a worktree", "worktree", WORKSPACE, "second", "side"],
  ])("in %s is there, with its commit, and clean", async (_, folder, where, commit, branch) => {
    expect(await look(join(machine.home, folder))).toMatchObject({
      code: 0,
      stdout: `${where}\n${commit}|A\n${branch}\nstatus 0\n`,
      stderr: "",
    });
    expect(await machine.leftovers()).toEqual([]);
  });

  test("commits inside, and the commit is in the copy that is kept, not in the repository", async () => {
    const commit = "echo new > new; git add new; git -c user.name=B -c user.email=b@example.com commit -qm third";
    const ran = await look(repository, commit);
    expect(ran).toMatchObject({ code: 0, stdout: "" });
    const kept = ran.stderr.match(/^(\/\S+\/workspace)$/m)?.[1] ?? expect.fail(ran.stderr);
    expect(machine.sh(`git -c safe.directory='*' -C ${kept} log --format=%s`)).toBe("third\nfirst\n");
    expect(machine.sh(`git -C ${repository} log --format=%s main; git -C ${repository} status --porcelain`)).toBe(
      "first\n",
    );
    await machine.run(["cleanup", "--yes", "--all"]);
    expect(await machine.leftovers()).toEqual([]);
  });

  test("in a folder without a repository has its files, and no repository", async () => {
    const ran = await look(machine.project, "cat file.txt; git status 2>&1 | head -n 1");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^hello\nfatal: not a git repository/);
    expect(await machine.leftovers()).toEqual([]);
  });
});
