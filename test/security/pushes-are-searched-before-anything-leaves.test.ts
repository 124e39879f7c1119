import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import {
  commit,
  type GateWorld,
  leftoversIn,
  makeFolder,
  makeRepo,
  OWN,
  openGateWorld,
  PLANTED,
  refsOf,
} from "../socket/gate/harness.ts";
import { git, makeUpstream } from "../socket/gate/upstreams.ts";

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
  expect(ran.err).toContain("Take it out of each commit");
  expect(ran.err).not.toContain(PLANTED);
  expect(refsOf(upstream)).toEqual(before);
  expect(git(upstream, "count-objects", "-v")).toBe(objects);
  expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "secret" }]);
  expect(JSON.stringify(world.events)).not.toContain(PLANTED);
  expect(world.bugs).toEqual([]);
  expect(leftoversIn(world.folder)).toEqual([]);
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
      await expectRefused([BRANCH], "known-value in a.txt", "[secret API_PASSWORD]");
      git(clone, "reset", "-q", "--hard", "HEAD~1");
    }
  });

  test("pushed a second time, after the first was refused", async () => {
    commit(clone, "a.txt", PLANTED);
    await expectRefused([BRANCH], "in a.txt");
    world.events.length = 0;
    await expectRefused([BRANCH], "in a.txt");
  });
});

describe("what looks like a secret and may be none is for a person to decide", () => {
  test("an example, and a mark that allows it", async () => {
    const example = ["AKIA", "IOSFODNN7EXAMPLE"].join("");
    commit(clone, "docs.md", `key: ${example}\nx: ${PLANTED} # gitleaks:allow\n`);
    const ran = await world.agent(clone, "push", "origin", BRANCH);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain("marked as allowed");
    expect(world.pushes()[0]?.outcome).toBe("refused");
    git(clone, "reset", "-q", "--hard", "HEAD~1");
    commit(clone, "docs.md", `key: ${example}\n`);
    world.events.length = 0;
    const alone = await world.agent(clone, "push", "origin", BRANCH);
    expect(alone.code).toBe(1);
    expect(alone.err).toContain("looks like an example");
  });
});

describe("what the upstream has already is nothing new", () => {
  test("a file that had this very token there may be changed", async () => {
    const seed = join(folder, "up.git.seed");
    commit(seed, "old.txt", `${PLANTED}\n`);
    git(seed, "push", "-q", upstream, "HEAD:main");
    git(clone, "pull", "-q", "--ff-only");
    commit(clone, "old.txt", `${PLANTED}\nand more\n`);
    expect(await world.agent(clone, "push", "origin", BRANCH)).toMatchObject({ code: 0 });
    world.events.length = 0;
    // the same token in another file is new
    commit(clone, "new.txt", `${PLANTED}\n`);
    await expectRefused([BRANCH], "in new.txt");
  });
});

test("the agent sees that something happens within a second, and the verdict within another", async () => {
  commit(clone, "a.txt", PLANTED);
  const started = Date.now();
  await expectRefused([BRANCH], "in a.txt");
  expect(world.pushes()[0]?.ms).toBeLessThan(1000);
  expect(Date.now() - started).toBeLessThan(5000);
});
