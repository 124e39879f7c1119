import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { SecretValue } from "../../src/base/secret-value.ts";
import {
  commit,
  type GateWorld,
  leftoversIn,
  makeFolder,
  makeRepo,
  OWN,
  openGateWorld,
  type Ran,
  refsOf,
} from "./gate/harness.ts";
import { GIT_ENV, git, makeUpstream, NO_SSHD, openSshUpstream, openTlsUpstream } from "./gate/upstreams.ts";

const scope = new Scope();
const TOKEN = "token-0123456789abcdef";
let folder: string;
let tls: Awaited<ReturnType<typeof openTlsUpstream>>;
let ssh: Awaited<ReturnType<typeof openSshUpstream>>;
const ALL = { branches: ["*"], tags: ["*"], force: true, delete: true };

beforeAll(async () => {
  folder = makeFolder(scope);
  tls = await openTlsUpstream(scope, folder, TOKEN);
  if (NO_SSHD === undefined) ssh = await openSshUpstream(scope, folder);
});
afterAll(() => scope.close());

async function withWorld(world: Promise<GateWorld>, use: (world: GateWorld) => Promise<void>): Promise<void> {
  const open = await world;
  try {
    await use(open);
    expect(open.bugs).toEqual([]);
  } finally {
    await open.close();
  }
}

type KilledParts = { readonly world: GateWorld; readonly ran: Ran; readonly taken: boolean };

/** Processes that keep a connection of ssh open for a gate in some folder. */
function keptConnections(within: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      return words.startsWith("ssh: ") && words.includes(within) && words.includes("[mux]");
    } catch {
      return false; // it ended meanwhile
    }
  });
}

describe.each([
  ["file", undefined],
  ["https", undefined],
  ["ssh", NO_SSHD],
] as const)("through the gate to an upstream over %s", (kind, missing) => {
  let upstream: string;
  const open = (refs?: typeof ALL) => {
    if (kind === "file") return openGateWorld(folder, [makeRepo(`file://${upstream}`, { refs })]);
    if (kind === "https") {
      const token = new SecretValue("TOKEN", TOKEN);
      const url = `https://localhost:${tls.port}/${kind}.git`;
      return openGateWorld(folder, [makeRepo(url, { refs, token })], { extraCaPem: tls.caPem });
    }
    const { hostKey, key } = ssh;
    return openGateWorld(folder, [makeRepo(ssh.url(upstream), { refs, hostKey, key })]);
  };
  beforeAll(() => {
    upstream = makeUpstream(folder, `${kind}.git`);
  });

  test.skipIf(missing !== undefined)("clone, fetch, push of a new branch, merge commits", async () => {
    await withWorld(open(), async (world) => {
      const clone = await world.clone();
      expect(git(clone, "log", "--format=%s")).toBe("first");
      git(clone, "switch", "-q", "-c", "side");
      commit(clone, "side.txt", "side\n");
      git(clone, "switch", "-q", "main");
      commit(clone, "main.txt", "main\n");
      git(clone, "merge", "-q", "--no-edit", "side");
      const pushed = await world.agent(clone, "push", "origin", `HEAD:${OWN}one`);
      expect(pushed).toMatchObject({ code: 0 });
      expect(pushed.err).toContain("remote: bot-bottle: checking 3 new commits and 2 new versions of files");
      expect(refsOf(upstream)).toContain(`refs/heads/${OWN}one ${git(clone, "rev-parse", "HEAD")}`);
      expect(world.pushes()).toMatchObject([{ outcome: "passed", commits: 3, files: 2, total: 1 }]);
      // somebody else pushes to the upstream; the next fetch has it
      git(upstream, "update-ref", "refs/heads/other", git(upstream, "rev-parse", "main"));
      expect(await world.agent(clone, "fetch", "-q", "origin")).toMatchObject({ code: 0 });
      expect(git(clone, "branch", "-r")).toContain("origin/other");
    });
  });

  test.skipIf(missing !== undefined)("tags, force, rename and delete where the manifest names them", async () => {
    await withWorld(open(ALL), async (world) => {
      const clone = await world.clone();
      commit(clone, "a.txt", "1\n");
      git(clone, "tag", "-a", "v1", "-m", "one");
      expect(await world.agent(clone, "push", "origin", "HEAD:feature", "v1")).toMatchObject({ code: 0 });
      git(clone, "commit", "-q", "--amend", "-m", "rewritten");
      expect(await world.agent(clone, "push", "--force", "origin", "HEAD:feature")).toMatchObject({ code: 0 });
      expect(await world.agent(clone, "push", "origin", "HEAD:renamed", ":feature")).toMatchObject({ code: 0 });
      const names = refsOf(upstream).map((ref) => ref.split(" ")[0]);
      expect(names).toEqual(expect.arrayContaining(["refs/heads/renamed", "refs/tags/v1"]));
      expect(names).not.toContain("refs/heads/feature");
      expect(world.pushes().map(({ outcome }) => outcome)).toEqual(["passed", "passed", "passed"]);
    });
  });

  test.skipIf(missing !== undefined)(
    "without that, branches of its own only, and nothing is rewritten or deleted",
    async () => {
      await withWorld(open(), async (world) => {
        const clone = await world.clone();
        commit(clone, "b.txt", "1\n");
        git(clone, "tag", "v2");
        expect(await world.agent(clone, "push", "origin", `HEAD:${OWN}mine`)).toMatchObject({ code: 0 });
        const before = refsOf(upstream);
        git(clone, "commit", "-q", "--amend", "-m", "rewritten");
        for (const [args, why] of [
          [["HEAD:main"], "refs/heads/main is not one of the branches this bottle may push"],
          [["HEAD:refs/for/main"], "is neither a branch nor a tag"],
          [["v2"], "is not one of the tags this bottle may push"],
          [["--force", `HEAD:${OWN}mine`], "would lose what the upstream has"],
          [[`:${OWN}mine`], "may not be deleted"],
          [[`HEAD:${OWN}good`, "HEAD:main"], "refs/heads/main is not one"],
        ] as const) {
          const ran = await world.agent(clone, "push", "origin", ...args);
          expect(ran.code).toBe(1);
          expect(ran.err).toContain(why);
          expect(ran.err).toContain("REFUSED; nothing was changed.");
        }
        expect(refsOf(upstream)).toEqual(before);
        expect(
          world
            .pushes()
            .slice(1)
            .every(({ reason }) => reason === "refs"),
        ).toBe(true);
      });
    },
  );

  test.skipIf(missing !== undefined)("a shallow clone commits and pushes", async () => {
    await withWorld(open(), async (world) => {
      const clone = await world.clone(undefined, "--depth=1", "--no-local");
      commit(clone, "c.txt", "1\n");
      expect(await world.agent(clone, "push", "origin", `HEAD:${OWN}shallow`)).toMatchObject({ code: 0 });
    });
  });
});

describe("what an upstream is, and does", () => {
  test("an empty one takes the first push", async () => {
    const upstream = join(folder, "empty.git");
    git(folder, "init", "-q", "--bare", "-b", "main", upstream);
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`, { refs: ALL })]), async (world) => {
      const clone = await world.clone();
      commit(clone, "a.txt", "1\n");
      expect(await world.agent(clone, "push", "origin", "HEAD:main")).toMatchObject({ code: 0 });
      expect(refsOf(upstream)).toHaveLength(1);
      expect(git(await world.clone(), "log", "--format=%s")).toBe("change a.txt");
    });
  });

  test("one with SHA-256 objects works the same", async () => {
    const upstream = join(folder, "sha256.git");
    const seed = join(folder, "sha256.seed");
    git(folder, "init", "-q", "--bare", "--object-format=sha256", "-b", "main", upstream);
    git(folder, "init", "-q", "--object-format=sha256", "-b", "main", seed);
    commit(seed, "a.txt", "1\n");
    git(seed, "push", "-q", upstream, "main");
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      expect(git(clone, "rev-parse", "HEAD")).toHaveLength(64);
      commit(clone, "b.txt", "2\n");
      expect(await world.agent(clone, "push", "origin", `HEAD:${OWN}x`)).toMatchObject({ code: 0 });
      expect(refsOf(upstream)).toHaveLength(2);
    });
  });

  test("unusual names of branches come through, in both directions", async () => {
    const upstream = makeUpstream(folder, "names.git");
    git(upstream, "branch", "wörk/$(id);`id`", "main");
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      expect(git(clone, "-c", "core.quotePath=false", "branch", "-r")).toContain("origin/wörk/$(id);`id`");
      const name = `${OWN}ünïcode/"quoted"/-dash/$(id)`;
      expect(await world.agent(clone, "push", "origin", `HEAD:refs/heads/${name}`)).toMatchObject({ code: 0 });
      expect(refsOf(upstream).some((ref) => ref.startsWith(`refs/heads/${name} `))).toBe(true);
      const before = refsOf(upstream);
      const raw = `alias.odd=!git push origin "HEAD:refs/heads/${OWN}$(printf 'a\\377')"`;
      expect((await world.agent(clone, "-c", raw, "odd")).err).toContain("must be UTF-8");
      expect(world.pushes().at(-1)).toMatchObject({ outcome: "refused", reason: "refs" });
      expect(refsOf(upstream)).toEqual(before);
      const spaced = `${OWN}no-break\u00a0space`;
      expect(await world.agent(clone, "push", "origin", `HEAD:refs/heads/${spaced}`)).toMatchObject({ code: 0 });
      expect(refsOf(upstream).some((ref) => ref.startsWith(`refs/heads/${spaced} `))).toBe(true);
    });
  });

  test("what it refuses is passed on in its own words, without control sequences, and the mirror stays the same", async () => {
    const upstream = makeUpstream(folder, "strict.git");
    writeFileSync(
      join(upstream, "hooks/pre-receive"),
      "#!/bin/sh\nprintf 'policy: \\033[31mno pushes on Friday\\033]52;c;eA==\\007\\n' >&2\nexit 1\n",
      { mode: 0o755 },
    );
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      commit(clone, "a.txt", "1\n");
      const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}x`, `HEAD:${OWN}y`);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("no pushes on Friday");
      expect(ran.err).toContain("pre-receive hook declined");
      expect(ran.err).not.toMatch(/[\x1b\x07]/);
      expect((await world.agent(clone, "ls-remote", "origin")).out).not.toContain(OWN);
      expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "upstream", total: 2 }]);
      expect(leftoversIn(world.folder)).toEqual([]);
    });
  });

  test("one that takes one branch and not the other takes neither", async () => {
    const upstream = makeUpstream(folder, "half.git");
    writeFileSync(
      join(upstream, "hooks/update"),
      '#!/bin/sh\ncase $1 in *bad) echo "not this one" >&2; exit 1;; esac\n',
      { mode: 0o755 },
    );
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      commit(clone, "a.txt", "1\n");
      const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}good`, `HEAD:${OWN}bad`);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("not this one");
      expect(refsOf(upstream)).toHaveLength(1);
      expect((await world.agent(clone, "ls-remote", "origin")).out).not.toContain("good");
    });
  });

  describe.each([
    ["file", undefined],
    ["https", undefined],
    ["ssh", NO_SSHD],
  ] as const)("one over %s whose server is killed in the middle", (kind, missing) => {
    const pushInto = async (hook: string, use: (parts: KilledParts) => Promise<void>) => {
      const upstream = makeUpstream(folder, `killed-${hook}-${kind}.git`);
      const repo =
        kind === "file"
          ? makeRepo(`file://${upstream}`)
          : kind === "https"
            ? makeRepo(`https://localhost:${tls.port}/killed-${hook}-${kind}.git`, {
                token: new SecretValue("TOKEN", TOKEN),
              })
            : makeRepo(ssh.url(upstream), { key: ssh.key, hostKey: ssh.hostKey });
      await withWorld(openGateWorld(folder, [repo], { extraCaPem: tls.caPem }), async (world) => {
        const clone = await world.clone();
        writeFileSync(join(upstream, "hooks", hook), "#!/bin/sh\nkill -9 $PPID\n", { mode: 0o755 });
        commit(clone, "a.txt", "1\n");
        const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}one`);
        await use({ world, ran, taken: refsOf(upstream).length === 2 });
        const { out } = await world.agent(clone, "ls-remote", "--refs", "origin");
        const seen = out.trim().split("\n");
        expect(seen.map((line) => line.split("\t").reverse().join(" "))).toEqual(refsOf(upstream));
      });
      rmSync(upstream, { recursive: true }); // with what its server could not clear away
    };

    test.skipIf(missing !== undefined)("after it took the push: that is what everybody hears", async () => {
      await pushInto("post-receive", async ({ world, ran, taken }) => {
        expect(taken).toBe(true);
        expect(ran).toMatchObject({ code: 0 });
        expect(ran.err).toContain("sent to example.");
        expect(world.pushes()).toMatchObject([{ outcome: "passed" }]);
      });
    });

    test.skipIf(missing !== undefined)("before it took the push: nobody hears that it did", async () => {
      await pushInto("pre-receive", async ({ world, ran, taken }) => {
        expect(taken).toBe(false);
        expect(ran).toMatchObject({ code: 1 });
        expect(ran.err).toContain("refused by the upstream");
        expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "upstream" }]);
      });
    });
  });

  describe("one that takes a push which the mirror then cannot follow", () => {
    /** Pushes while something in the mirror is in the way; whoever pushed and the journal hear what the upstream did. */
    const pushPast = async (
      name: string,
      obstruct: string,
      check: (upstream: string, seen: () => Promise<readonly string[]>) => Promise<void>,
    ) => {
      const upstream = makeUpstream(folder, name);
      const world = await openGateWorld(folder, [makeRepo(`file://${upstream}`)]);
      try {
        const clone = await world.clone();
        const refs = join(dirname(clone), "mirrors/example.git/refs/heads");
        // the upstream's own hook, so that it comes after everything was looked at
        writeFileSync(join(upstream, "hooks/post-receive"), `#!/bin/sh\ncd '${refs}' && ${obstruct}\n`, {
          mode: 0o755,
        });
        commit(clone, "a.txt", "1\n");
        const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}one`, `HEAD:${OWN}two`);
        expect(ran).toMatchObject({ code: 0 });
        expect(ran.err).toContain("sent to example.");
        expect(ran.err).toContain("The upstream has it. The gate's own copy could not follow");
        expect(refsOf(upstream)).toHaveLength(3);
        expect(world.pushes()).toMatchObject([{ outcome: "passed", total: 2 }]);
        expect(world.bugs).toHaveLength(1);
        await check(upstream, async () => {
          const { out } = await world.agent(clone, "ls-remote", "--refs", "origin");
          return out
            .split("\n")
            .filter(Boolean)
            .map((line) => line.split("\t").reverse().join(" "));
        });
        expect(world.bugs).toHaveLength(1);
        expect(leftoversIn(world.folder)).toEqual([]);
      } finally {
        await world.close();
      }
    };

    test("for a lock that somebody left: the push passes, and what is served next is what the upstream has", async () => {
      const lock = `mkdir -p '${OWN}' && : > '${OWN}two.lock'`;
      await pushPast("locked.git", lock, async (upstream, seen) => expect(await seen()).toEqual(refsOf(upstream)));
    });

    test("for something that stays in the way: nothing is served until the mirror is made anew", async () => {
      await pushPast("blocked.git", "echo none > bottle", async (upstream, seen) => {
        expect(await seen()).toEqual([]); // refused
        expect(await seen()).toEqual(refsOf(upstream));
      });
    });
  });

  test("one that moves while a push is on its way is not overwritten", async () => {
    const upstream = makeUpstream(folder, "moving.git");
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`, { refs: ALL })]), async (world) => {
      const clone = await world.clone();
      const other = join(folder, "moving.git.seed");
      commit(other, "theirs.txt", "1\n");
      commit(clone, "ours.txt", "1\n");
      // the upstream's own hook stands for somebody who is faster by a moment
      writeFileSync(
        join(upstream, "hooks/pre-receive"),
        `#!/bin/sh\n[ -e moved ] || { touch moved; env -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY -u GIT_ALTERNATE_OBJECT_DIRECTORIES git update-ref refs/heads/main ${git(upstream, "commit-tree", "-m", "theirs", "-p", "main", "main^{tree}")}; }\n`,
        { mode: 0o755 },
      );
      const ran = await world.agent(clone, "push", "--force", "origin", "HEAD:main");
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("REFUSED");
      expect(git(upstream, "log", "-1", "--format=%s", "main")).toBe("theirs");
      expect(world.pushes()).toMatchObject([{ outcome: "refused", reason: "upstream" }]);
    });
  });

  test("one whose shared store was begun and not made is served all the same", async () => {
    const upstream = makeUpstream(folder, "begun.git");
    const place = makeFolder(scope);
    const policy = { cache: join(place, "cache") };
    const cloneOnce = () =>
      withWorld(openGateWorld(place, [makeRepo(`file://${upstream}`)], policy), async (world) => {
        expect(refsOf(await world.clone()).length).toBeGreaterThan(0);
      });
    await cloneOnce();
    const [store = ""] = readdirSync(policy.cache).filter((name) => !name.endsWith(".lock"));
    for (const left of [[], ["HEAD"], ["HEAD", "config"]]) {
      const path = join(policy.cache, store);
      for (const name of readdirSync(path)) if (!left.includes(name)) rmSync(join(path, name), { recursive: true });
      await cloneOnce();
      expect(readdirSync(join(path, "objects/pack")).length).toBeGreaterThan(0); // it was made
    }
  });

  test("one that cannot be reached serves nothing from memory", async () => {
    const upstream = makeUpstream(folder, "gone.git");
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      git(folder, "config", "--file", join(upstream, "config"), "core.repositoryformatversion", "99");
      const ran = await world.agent(clone, "fetch", "origin");
      expect(ran.code).toBe(128);
      expect(ran.err).toContain("remote: bot-bottle: the upstream of example cannot be reached");
      expect(ran.err).toContain("repo version");
      expect(world.fetches().at(-1)).toMatchObject({ outcome: "failed" });
    });
  });

  test.skipIf(NO_SSHD !== undefined)(
    "one connection over ssh serves a clone and a push, and ends with the gate",
    async () => {
      const upstream = makeUpstream(folder, "kept.git");
      const { hostKey, key } = ssh;
      await withWorld(openGateWorld(folder, [makeRepo(ssh.url(upstream), { hostKey, key })]), async (world) => {
        const clone = await world.clone();
        const kept = keptConnections(folder);
        expect(kept).toHaveLength(1);
        commit(clone, "a.txt", "1\n");
        expect(await world.agent(clone, "push", "-q", "origin", `HEAD:${OWN}one`)).toMatchObject({ code: 0 });
        expect(refsOf(upstream).some((ref) => ref.startsWith(`refs/heads/${OWN}one `))).toBe(true);
        expect(keptConnections(folder)).toEqual(kept);
        await world.close();
        const end = Date.now() + 10_000; // it was told, and ends by itself
        while (keptConnections(folder).length > 0 && Date.now() < end) await new Promise((done) => setImmediate(done));
        expect(keptConnections(folder)).toEqual([]);
      });
    },
  );

  test("two bottles push to it at the same time", async () => {
    const upstream = makeUpstream(folder, "shared.git");
    const repo = makeRepo(`file://${upstream}`);
    await withWorld(openGateWorld(folder, [repo]), async (one) => {
      await withWorld(openGateWorld(folder, [repo], { ownBranches: "bottle/other-ab0de/" }), async (two) => {
        const clones = await Promise.all([one.clone(), two.clone()]);
        const ran = await Promise.all(
          [one, two].flatMap((world, index) =>
            [1, 2, 3].map(async (round) => {
              const clone = await world.clone();
              commit(clone, `${index}-${round}.txt`, "x\n");
              return world.agent(clone, "push", "origin", `HEAD:${index === 0 ? OWN : "bottle/other-ab0de/"}${round}`);
            }),
          ),
        );
        expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
        expect(clones).toHaveLength(2);
        expect(refsOf(upstream)).toHaveLength(7);
        git(upstream, "fsck", "--strict");
        expect(readdirSync(join(folder, "cache/git")).filter((name) => name.includes(".lock"))).toEqual([]);
      });
    });
  });
});

describe("large pushes", () => {
  test("10,000 commits", async () => {
    const upstream = makeUpstream(folder, "long.git");
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      const commits = Array.from({ length: 10_000 }, (_, n) =>
        [
          `commit refs/heads/long`,
          `committer Ada <ada@example.test> ${1_700_000_000 + n} +0000`,
          `data ${String(n).length}`,
          `${n}`,
        ]
          .concat(n === 0 ? ["from refs/heads/main"] : [], [
            `M 644 inline f.txt`,
            `data ${String(n).length}`,
            `${n}`,
            "",
          ])
          .join("\n"),
      );
      execFileSync("git", ["fast-import", "--quiet"], { cwd: clone, env: GIT_ENV, input: `${commits.join("\n")}\n` });
      const ran = await world.agent(clone, "push", "origin", `long:${OWN}long`);
      expect(ran).toMatchObject({ code: 0 });
      expect(world.pushes()).toMatchObject([{ commits: 10_000, files: 10_000, outcome: "passed" }]);
    });
  }, 240_000);

  test("a file of 100 MB", async () => {
    const upstream = makeUpstream(folder, "large.git");
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)]), async (world) => {
      const clone = await world.clone();
      commit(clone, "large.bin", makeNoise(100_000_000));
      const ran = await world.agent(clone, "push", "origin", `HEAD:${OWN}large`);
      expect(ran).toMatchObject({ code: 0 });
      expect(world.pushes()[0]?.bytes).toBeGreaterThan(100_000_000);
    });
  }, 240_000);

  test("more than the limits is refused before anything leaves", async () => {
    const upstream = makeUpstream(folder, "limits.git");
    const limits = {
      packBytes: 200_000,
      totalBytes: 1_000_000,
      objectBytes: 900_000,
      objects: 10,
      changes: 500,
      refs: 5,
      listMs: 20_000,
      transferMs: 20_000,
    };
    await withWorld(openGateWorld(folder, [makeRepo(`file://${upstream}`)], { limits }), async (world) => {
      const clone = await world.clone();
      commit(clone, "zeros.bin", Buffer.alloc(20_000_000)); // small when packed
      const bomb = await world.agent(clone, "push", "origin", `HEAD:${OWN}a`);
      expect(bomb.err).toContain("a file of 20000000 bytes (zeros.bin), and at most 900000");
      git(clone, "reset", "-q", "--hard", "HEAD~1");
      for (const name of ["one", "two"]) writeFileSync(join(clone, name), Buffer.alloc(800_000, name));
      commit(clone, "three", "x");
      const many = await world.agent(clone, "push", "origin", `HEAD:${OWN}a`);
      expect(many.err).toContain("bytes unpacked, and at most 1000000");
      git(clone, "reset", "-q", "--hard", "HEAD~1");
      for (let n = 0; n < 11; n += 1) writeFileSync(join(clone, `f${n}`), `${n}`);
      commit(clone, "last", "x");
      expect((await world.agent(clone, "push", "origin", `HEAD:${OWN}b`)).err).toContain("new objects, and at most 10");
      git(clone, "reset", "-q", "--hard", "HEAD~1");
      let nested = git(clone, "rev-parse", "HEAD^{tree}");
      for (let depth = 0; depth < 5; depth += 1) {
        const rows = Array.from({ length: 10 }, (_, n) => `040000 tree ${nested}\tf${n}\n`);
        nested = execFileSync("git", ["mktree"], {
          cwd: clone,
          env: GIT_ENV,
          input: rows.join(""),
          encoding: "utf8",
        }).trim();
      }
      const everywhere = git(clone, "commit-tree", nested, "-m", "x", "-p", "HEAD");
      const places = await world.agent(clone, "push", "origin", `${everywhere}:refs/heads/${OWN}d`);
      expect(places.err).toMatch(/\d{6} changed files, and at most 500 may come/);
      commit(clone, "noise.bin", makeNoise(400_000));
      const pack = await world.agent(clone, "push", "origin", `HEAD:${OWN}c`);
      expect(pack.code).toBe(1);
      expect(refsOf(upstream)).toHaveLength(1);
      expect(leftoversIn(world.folder)).toEqual([]);
    });
  });
});

/** Bytes that cannot be made smaller. */
function makeNoise(size: number): Buffer {
  const noise = Buffer.alloc(size);
  for (let at = 0, seed = 1; at < size; at += 4) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    noise.writeUInt32BE(seed, at);
  }
  return noise;
}
