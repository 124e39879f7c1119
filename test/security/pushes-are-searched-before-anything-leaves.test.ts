import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import type { PushQuestion } from "../../src/git-gate/ask-operator.ts";
import {
  commit,
  type GateWorld,
  GIVEN,
  leftoversIn,
  makeFolder,
  makePushBody,
  makeRepo,
  OWN,
  openGateWorld,
  PLANTED,
  pushRaw,
  refsOf,
} from "../socket/gate/harness.ts";
import { GIT_ENV, git, makeUpstream } from "../socket/gate/upstreams.ts";

const scope = new Scope();
let folder: string;
let upstream: string;
let world: GateWorld;
let clone: string;
const ALL = { branches: ["*"], tags: ["*"], force: true, delete: true };

beforeAll(async () => {
  folder = makeFolder(scope);
  upstream = makeUpstream(folder, "up.git");
  world = await openGateWorld(folder, [makeRepo(`file://${upstream}`, { refs: ALL })]);
  scope.defer("world", () => world.close());
});
afterAll(() => scope.close());
beforeEach(async () => {
  world.events.length = 0;
  clone = await world.clone();
});

/** Pushes and expects a refusal that says where it is, and never what it is; the upstream was not even asked. */
async function expectRefused(refspecs: readonly string[], ...says: readonly string[]): Promise<void> {
  const before = refsOf(upstream);
  const objects = git(upstream, "count-objects", "-v");
  const ran = await world.agent(clone, "push", "origin", ...refspecs);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("REFUSED; nothing was changed.");
  for (const text of says) expect(ran.err).toContain(text);
  expect(ran.err).toContain("Take them out of each commit");
  expect(remoteLines(ran.err)).not.toContain(PLANTED); // git itself repeats the name of a branch that it was given
  expect(refsOf(upstream)).toEqual(before);
  expect(git(upstream, "count-objects", "-v")).toBe(objects);
  expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "secret" }]);
  expect(JSON.stringify(world.events)).not.toContain(PLANTED);
  expect(world.bugs).toEqual([]);
  expect(leftoversIn(world.folder)).toEqual([]);
}

function remoteLines(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.startsWith("remote:"))
    .join("\n");
}

/** What one of git's plumbing commands makes of its input, in the clone. */
function plumb(input: string, ...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: clone, env: GIT_ENV, input, encoding: "utf8" }).trim();
}

function withResolvers() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const BRANCH = `HEAD:${OWN}x`;

describe("a token in a push stops it", () => {
  test("in a file of the tip", async () => {
    const id = commit(clone, "src/config.ts", `\n\nconst a = "${PLANTED}";\n`);
    await expectRefused([BRANCH], `github-token in src/config.ts, line 3, commit ${id.slice(0, 12)}: ghp_`);
  });

  test("in a commit of the range, gone from the tip", async () => {
    const id = commit(clone, "a.txt", PLANTED);
    commit(clone, "a.txt", "nothing\n");
    commit(clone, "b.txt", "more\n");
    await expectRefused([BRANCH], `in a.txt, line 1, commit ${id.slice(0, 12)}`);
  });

  test("in a file name", async () => {
    commit(clone, `notes/${PLANTED}.txt`, "x");
    await expectRefused([BRANCH], "in the name of a file");
  });

  test("in a folder name of a file that was renamed", async () => {
    mkdirSync(join(clone, PLANTED));
    git(clone, "mv", "README.md", `${PLANTED}/README.md`);
    git(clone, "commit", "-q", "-m", "moved");
    await expectRefused([BRANCH], "in the name of a file");
  });

  test("in the name of a folder without files, also of a second one and in a merge", async () => {
    const [empty, readme] = [plumb("", "mktree"), git(clone, "rev-parse", "HEAD:README.md")];
    const commitTree = (folders: readonly string[], ...parents: readonly string[]): string => {
      const rows = [`100644 blob ${readme}\tREADME.md`, ...folders.map((name) => `040000 tree ${empty}\t${name}`)];
      const tree = plumb(`${rows.join("\n")}\n`, "mktree");
      return git(clone, "commit-tree", tree, "-m", "x", ...parents.flatMap((parent) => ["-p", parent]));
    };
    const first = commitTree(["a"], "HEAD");
    const second = commitTree(["a", PLANTED], first);
    await expectRefused([`${second}:refs/heads/${OWN}x`], `in the name of a file, commit ${second.slice(0, 12)}`);
    world.events.length = 0;
    const merge = commitTree(["a", PLANTED], first, "HEAD");
    await expectRefused([`${merge}:refs/heads/${OWN}x`], `in the name of a file, commit ${merge.slice(0, 12)}`);
  });

  test("in a message, and in the name of an author", async () => {
    const id = commit(clone, "a.txt", "1", `notes\n\nthe key is ${PLANTED}`);
    await expectRefused([BRANCH], `in the message or the author, commit ${id.slice(0, 12)}`);
    world.events.length = 0;
    git(clone, "commit", "-q", "--amend", "-m", "plain", `--author=${PLANTED} <a@example.test>`);
    await expectRefused([BRANCH], "in the message or the author");
  });

  test("in the message of a tag, and in a tag of a tag", async () => {
    git(clone, "tag", "-a", "v1", "-m", `release ${PLANTED}`);
    await expectRefused(["v1"], "in a tag");
    world.events.length = 0;
    git(clone, "-c", "advice.nestedTag=false", "tag", "-a", "v2", "-m", "outer", "v1");
    await expectRefused(["v2"], "in a tag");
  });

  test("in the name of a branch", async () => {
    commit(clone, "a.txt", "1");
    await expectRefused([`HEAD:${OWN}${PLANTED}`], "in the name of a branch or tag");
  });

  test("in a merge, where no parent has it", async () => {
    git(clone, "switch", "-q", "-c", "side");
    commit(clone, "side.txt", "1");
    git(clone, "switch", "-q", "main");
    commit(clone, "main.txt", "1");
    git(clone, "merge", "-q", "--no-commit", "--no-ff", "side");
    writeFileSync(join(clone, "evil.txt"), PLANTED);
    git(clone, "add", ".");
    git(clone, "commit", "-q", "-m", "merge");
    await expectRefused([BRANCH], `in evil.txt, line 1, commit ${git(clone, "rev-parse", "HEAD").slice(0, 12)}`);
  });

  test("in a file that is renamed with a change", async () => {
    git(clone, "mv", "README.md", "moved.md");
    commit(clone, "moved.md", `# A project\n${PLANTED}\n`);
    await expectRefused([BRANCH], "in moved.md, line 2");
  });

  test("in base64 in a configuration file, once and twice", async () => {
    const once = Buffer.from(`token=${PLANTED}\n`).toString("base64");
    commit(clone, "k8s/secret.yaml", `data:\n  token: ${once}\n`);
    await expectRefused([BRANCH], "in k8s/secret.yaml, line 2", "(base64)");
    world.events.length = 0;
    commit(clone, "k8s/secret.yaml", `data:\n  token: ${Buffer.from(once).toString("base64")}\n`);
    await expectRefused([BRANCH], "k8s/secret.yaml");
  });

  test("in a file with zero bytes, and in one that attributes call binary", async () => {
    writeFileSync(join(clone, ".gitattributes"), "* binary -diff\n");
    commit(clone, "a.bin", Buffer.concat([Buffer.alloc(1000), Buffer.from(PLANTED), Buffer.alloc(10)]));
    await expectRefused([BRANCH], "in a.bin");
  });

  test("on the seam of the pieces in which something large is searched", async () => {
    for (const at of [16 * 1024 * 1024 - 20, 16 * 1024 * 1024 - 64 * 1024 - 20]) {
      const bytes = Buffer.alloc(17 * 1024 * 1024, "\n");
      bytes.write(` ${PLANTED} `, at);
      commit(clone, "large.txt", bytes);
      world.events.length = 0;
      await expectRefused([BRANCH], "in large.txt");
      git(clone, "reset", "-q", "--hard", "HEAD~1");
    }
  });

  test("in one of several branches: none of them goes", async () => {
    git(clone, "switch", "-q", "-c", "good");
    commit(clone, "good.txt", "1");
    git(clone, "switch", "-q", "-c", "bad", "main");
    commit(clone, "bad.txt", PLANTED);
    await expectRefused([`good:${OWN}good`, `bad:${OWN}bad`], "in bad.txt");
  });

  test("a value that this bottle was given, as it is and encoded", async () => {
    for (const text of ["correct-horse-battery", Buffer.from("correct-horse-battery").toString("hex")]) {
      commit(clone, "a.txt", `x ${text} y`);
      world.events.length = 0;
      await expectRefused([BRANCH], "known-value in a.txt", "[API_PASSWORD]");
      git(clone, "reset", "-q", "--hard", "HEAD~1");
    }
  });

  test("in a commit that only the name of a ref leads to, read as a refspec: neither it nor another branch goes", async () => {
    const base = git(clone, "rev-parse", "HEAD");
    const hidden = commit(clone, "a.txt", PLANTED);
    const inside = `refs/heads/${OWN}x`.split("/").reduceRight((entry, name) => {
      return `040000 tree ${plumb(entry, "mktree")}\t${name}\n`;
    }, `160000 commit ${hidden}\tx\n`);
    const tip = git(clone, "commit-tree", "-m", "x", "-p", base, plumb(inside, "mktree"));
    const pack = execFileSync("git", ["pack-objects", "--stdout", "--revs", "-q"], {
      ...{ cwd: clone, input: `${tip}\n${hidden}\n^${base}\n` },
    });
    const before = refsOf(upstream);
    const update = `${"0".repeat(40)} ${tip} refs/heads/${OWN}x/x:refs/heads/main`;
    expect(await pushRaw(world, makePushBody([update], pack))).toContain("is not a name that git allows");
    expect(refsOf(upstream)).toEqual(before);
    expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "refs" }]);
  });

  test("pushed a second time, after the first was refused", async () => {
    commit(clone, "a.txt", PLANTED);
    await expectRefused([BRANCH], "in a.txt");
    world.events.length = 0;
    await expectRefused([BRANCH], "in a.txt");
  });
});

describe("what looks like a secret and may be none is for a person to decide", () => {
  const EXAMPLE = ["AKIA", "IOSFODNN7EXAMPLE"].join("");
  const doubtful = () => commit(clone, "docs.md", `key: ${EXAMPLE}\nx: ${PLANTED} # gitleaks:allow\n`);

  test("where nobody can be asked it is refused, and says so", async () => {
    doubtful();
    const ran = await world.agent(clone, "push", "origin", BRANCH);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain("A person has to decide about this push, and nobody watches this bottle.");
    expect(ran.err).toMatch(/in docs\.md, line 1.*looks like an example/);
    expect(ran.err).toMatch(/in docs\.md, line 2.*marked as allowed/);
    expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "secret" }]);
  });

  test.each([
    [{ kind: "approved" }, 0, "it was approved"],
    [{ kind: "rejected", why: "not this one" }, 1, "The operator rejected this push: not this one"],
    [{ kind: "unanswered", why: "nobody answered" }, 1, "A person has to decide about this push, and nobody answered."],
  ] as const)("where somebody can be, that person's word counts: %j", async (decision, code, says) => {
    const asked: PushQuestion[] = [];
    const before = refsOf(upstream).length;
    const repo = makeRepo(`file://${upstream}`, { refs: ALL });
    const other = await openGateWorld(folder, [repo], {}, async (question) => {
      expect(refsOf(upstream)).toHaveLength(before);
      asked.push(question);
      return decision;
    });
    try {
      doubtful();
      git(clone, "remote", "set-url", "origin", other.url());
      const ran = await other.agent(clone, "push", "origin", `HEAD:${OWN}held`);
      expect(ran).toMatchObject({ code });
      expect(ran.err).toContain("a person has to decide about this push:");
      expect(ran.err).toContain(says);
      expect(asked).toMatchObject([{ repo: "example", refs: [`refs/heads/${OWN}held`] }]);
      expect(asked[0]?.things.map(({ what }) => what)).toEqual(["aws-key-id", "github-token"]);
      expect(asked[0]?.named).toBe(false);
      expect(JSON.stringify(asked)).not.toContain(PLANTED);
      expect(refsOf(upstream)).toHaveLength(before + (code === 0 ? 1 : 0));
      expect(other.pushes()).toMatchObject([{ outcome: code === 0 ? "passed" : "refused" }]);
      if (code === 0) git(upstream, "update-ref", "-d", `refs/heads/${OWN}held`);
    } finally {
      await other.close();
    }
  });

  test("whoever pushed and went is not waited for: nobody's later yes sends it", async () => {
    const repo = makeRepo(`file://${upstream}`, { refs: ALL });
    const before = refsOf(upstream);
    let ended = "";
    const asked = withResolvers();
    const other = await openGateWorld(folder, [repo], {}, async (_, signal) => {
      asked.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended = "heard";
      return { kind: "approved" };
    });
    try {
      doubtful();
      git(clone, "remote", "set-url", "origin", other.url());
      const push = spawn("git", ["push", "-q", "origin", `HEAD:${OWN}gone`], {
        cwd: clone,
        env: GIT_ENV,
        detached: true,
      });
      const closed = once(push, "close");
      await asked.promise;
      process.kill(-(push.pid ?? 0), "SIGKILL");
      await closed;
      await expect.poll(() => other.pushes()).toMatchObject([{ outcome: "refused", reason: "interrupted" }]);
      expect(ended).toBe("heard");
      expect(refsOf(upstream)).toEqual(before);
    } finally {
      await other.close();
    }
  });

  test("a value that this bottle was given is none of that, whatever stands beside it", async () => {
    commit(clone, "a.txt", `example ${GIVEN.value} # gitleaks:allow\n`);
    await expectRefused([BRANCH], "known-value in a.txt, line 1");
  });

  test("more of it than anybody would look at is refused, also when all of it is marked", async () => {
    const lines = Array.from({ length: 60 }, (_, n) => `${PLANTED.slice(0, -2)}${n + 10} # gitleaks:allow\n\n`);
    commit(clone, "a.txt", lines.join(""));
    await expectRefused([BRANCH], "and at least 40 more");
    world.events.length = 0;
    const names = Array.from({ length: 60 }, (_, n) => `HEAD~1:refs/heads/${OWN}${n}/${EXAMPLE}`);
    await expectRefused(names, "and at least 40 more"); // nothing but names, and not all of them were looked at
  });
});

describe("what the upstream has already is nothing new", () => {
  /** The upstream's main gets a file that the clone then has as well. */
  const old = async (path: string, text: string): Promise<void> => {
    const seed = join(folder, "up.git.seed");
    commit(seed, path, text);
    git(seed, "push", "-q", upstream, "HEAD:main");
    expect(await world.agent(clone, "pull", "-q", "--ff-only")).toMatchObject({ code: 0 });
  };

  test("a file that had this very token there may be changed, more than once; another file not", async () => {
    await old("old.txt", `${PLANTED}\n`);
    commit(clone, "old.txt", `${PLANTED}\nand more\n`);
    commit(clone, "old.txt", `${PLANTED}\nand more\nand even more\n`);
    expect(await world.agent(clone, "push", "origin", `HEAD:${OWN}old`)).toMatchObject({ code: 0 });
    world.events.length = 0;
    commit(clone, "new.txt", `${PLANTED}\n`);
    await expectRefused([BRANCH], "in new.txt");
  });

  test("a new token beside an old one is new", async () => {
    await old("beside.txt", `${PLANTED}\n`);
    commit(clone, "beside.txt", `${PLANTED}\n${PLANTED.slice(0, -4)}9876\n`);
    await expectRefused([BRANCH], "in beside.txt, line 2");
  });

  test("a value that this bottle was given is never old", async () => {
    await old("given.txt", `${GIVEN.value}\n`);
    commit(clone, "given.txt", `${GIVEN.value}\nmore\n`);
    await expectRefused([BRANCH], "known-value in given.txt");
  });
});

describe("with gitleaks", () => {
  /** Finds `LEAK-…` as gitleaks would, in the commits that it is asked for, and reports in its form. */
  const DOUBLE = `#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = --log-opts ] && range=$2; shift; done
cd "$1" || exit 2
printf '['
for commit in $(git rev-list --reverse $range); do
  for file in $(git diff-tree --root -r --no-commit-id --name-only "$commit"); do
    git show "$commit:$file" | grep -no 'LEAK-[0-9a-z]*' | while IFS=: read -r line secret; do
      printf '{"RuleID":"leak","Secret":"%s","File":"%s","Commit":"%s","StartLine":%s},' "$secret" "$file" "$commit" "$line"
    done
  done
done | sed 's/,$//'
printf ']'
`;
  const withDouble = async (script: string, use: (other: GateWorld) => Promise<void>): Promise<void> => {
    const gitleaks = join(folder, "gitleaks");
    writeFileSync(gitleaks, script, { mode: 0o755 });
    const other = await openGateWorld(folder, [makeRepo(`file://${upstream}`, { refs: ALL })], { gitleaks });
    try {
      git(clone, "remote", "set-url", "origin", other.url());
      await use(other);
      expect(other.bugs).toEqual([]);
    } finally {
      await other.close();
    }
  };

  test("what it alone finds stops a push, in any commit of it, masked; what it does not find passes", async () => {
    await withDouble(DOUBLE, async (other) => {
      commit(clone, "a.txt", "nothing\n");
      expect(await other.agent(clone, "push", "origin", `HEAD:${OWN}clean`)).toMatchObject({ code: 0 });
      const id = commit(clone, "a.txt", "x\nLEAK-0123456789abcdef\n");
      commit(clone, "a.txt", "gone\n");
      const before = refsOf(upstream);
      const ran = await other.agent(clone, "push", "origin", BRANCH);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain(`leak in a.txt, line 2, commit ${id.slice(0, 12)}: LEAK… (21 characters) [gitleaks]`);
      expect(JSON.stringify(other.events)).not.toContain("LEAK-0");
      expect(refsOf(upstream)).toEqual(before);
    });
  });

  test("what the upstream has already is not new to it either; a mark is for a person", async () => {
    const seed = join(folder, "up.git.seed");
    commit(seed, "leak.txt", "LEAK-aaaaaaaaaaaaaaaa\n");
    git(seed, "push", "-q", upstream, "HEAD:main");
    await withDouble(DOUBLE, async (other) => {
      expect(await other.agent(clone, "pull", "-q", "--ff-only", "origin", "main")).toMatchObject({ code: 0 });
      commit(clone, "leak.txt", "LEAK-aaaaaaaaaaaaaaaa\nmore\n");
      commit(clone, "leak.txt", "LEAK-aaaaaaaaaaaaaaaa\nmore\nand more\n");
      expect(await other.agent(clone, "push", "origin", `HEAD:${OWN}leak`)).toMatchObject({ code: 0 });
      commit(clone, "leak.txt", "LEAK-aaaaaaaaaaaaaaaa\nLEAK-bbbbbbbbbbbbbbbb # gitleaks:allow\n");
      const ran = await other.agent(clone, "push", "origin", `HEAD:${OWN}leak`);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("nobody watches this bottle");
      expect(ran.err).toMatch(/leak in leak\.txt, line 2.*marked as allowed \[gitleaks\]/);
      expect(ran.err).not.toContain("line 1,");
    });
  });

  test("the first line comes while the search runs; the verdict when it ends, whatever becomes of the upstream", async () => {
    const flow = makeUpstream(folder, "flow.git");
    const wait = (name: string) => `while [ ! -e '${join(folder, name)}' ]; do sleep 0.02; done`;
    writeFileSync(join(flow, "hooks/pre-receive"), `#!/bin/sh\n${wait("taken")}\n`, { mode: 0o755 });
    const gitleaks = join(folder, "slow-gitleaks");
    writeFileSync(gitleaks, DOUBLE.replace("#!/bin/sh", `#!/bin/sh\n${wait("searched")}`), { mode: 0o755 });
    const other = await openGateWorld(folder, [makeRepo(`file://${flow}`)], { gitleaks });
    /** What has come to whoever pushes until now; each step below is let go on by what was seen before. */
    const push = () => {
      const child = spawn("git", ["push", other.url(), BRANCH], { cwd: clone, env: GIT_ENV });
      const seen: string[] = [];
      child.stderr.on("data", (bytes: Buffer) => seen.push(bytes.toString()));
      const reads = (text: string) => expect.poll(() => seen.join(""), { timeout: 30_000 }).toContain(text);
      return { reads, closed: once(child, "close") };
    };
    try {
      clone = await other.clone();
      commit(clone, "a.txt", "nothing\n");
      const passing = push();
      await passing.reads("checking 1 new commit and 1 new version of files");
      writeFileSync(join(folder, "searched"), "");
      await passing.reads("nothing stands against it; sending to example");
      writeFileSync(join(folder, "taken"), "");
      await passing.reads("sent to example.");
      expect(await passing.closed).toEqual([0, null]);
      rmSync(join(folder, "searched"));
      commit(clone, "a.txt", "LEAK-0123456789abcdef\n");
      const refused = push();
      await refused.reads("checking 1 new commit and 1 new version of files");
      renameSync(flow, `${flow}.gone`);
      writeFileSync(join(folder, "searched"), "");
      await refused.reads("REFUSED; nothing was changed.");
      expect(await refused.closed).toEqual([1, null]);
      expect(other.pushes()).toMatchObject([{ outcome: "passed" }, { outcome: "refused", reason: "secret" }]);
      expect(other.bugs).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test("that fails stops every push", async () => {
    await withDouble("#!/bin/sh\necho out of order >&2\nexit 1\n", async (other) => {
      commit(clone, "a.txt", "nothing\n");
      const ran = await other.agent(clone, "push", "origin", BRANCH);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("gitleaks did not come to an end: out of order");
      expect(other.pushes()).toMatchObject([{ reason: "scan-failed" }]);
    });
  });
});

test("the agent sees that its push is looked at before it sees what came of it", async () => {
  commit(clone, "a.txt", "x\n");
  const { err } = await world.agent(clone, "push", "origin", `HEAD:${OWN}seen`);
  const lines = remoteLines(err)
    .split("\n")
    .map((line) => line.replace("remote: bot-bottle: ", "").trim());
  expect(lines.slice(0, 3)).toEqual([
    "checking 1 new commit and 1 new version of files",
    "nothing stands against it; sending to example",
    "sent to example.",
  ]);
});
