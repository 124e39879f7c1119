import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeSmolmachinesBackend } from "../../src/backends/smolmachines/smolmachines-backend.ts";
import { openSmolvm } from "../../src/backends/smolmachines/smolvm.ts";
import { run } from "../../src/base/process.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";
import { type DoubleEnv, IS_REAL, makeSmolmachinesSetup } from "../fixtures/smolmachines-bottle.ts";
import { whyNoDouble } from "../fixtures/smolvm-double.ts";

// What the backend finds of its host and makes ready, on the double: only it can lack a KVM on demand.

const why = findBaseImage().why || (whyNoDouble() ?? "") || (IS_REAL ? "only the double can be told to fail" : "");

describe.skipIf(why !== "")(`smolmachines and its host${why && `: ${why}`}`, () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "bottle-smol-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const probe = (double: DoubleEnv, depth: "quick" | "deep" = "quick") =>
    makeSmolmachinesBackend(makeSmolmachinesSetup(folder, double)).probe(undefined, depth);
  const calls = () =>
    readFileSync(join(folder, "smolvm/calls.jsonl"), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { argv: string[] }).argv.slice(0, 2).join(" "));

  test("a machine that boots is remembered, for this version and until it is asked for anew", async () => {
    expect(await probe({})).toMatchObject({ usable: true, strength: expect.stringContaining("smolvm 1.17.0") });
    const before = calls().length;
    expect((await probe({})).usable).toBe(true);
    expect(calls().slice(before)).toEqual(["machine ls"]);
    expect((await probe({ FAKE_SMOLVM_VERSION: "1.18.0" })).usable).toBe(true);
    expect(calls().slice(before + 1)).toContain("machine start");
    const list = await run(["cat", join(folder, "smolvm/state.json")], { env: process.env });
    expect(JSON.parse(list.stdout.toString())).toMatchObject({ machines: [] });
  });

  test.each([
    ["missing", "KVM", /modprobe kvm/],
    ["denied", "permission", /usermod -aG kvm/],
    ["hang", "machine", /--backend docker/],
  ])("KVM that is %s is told apart, with its own fix", async (kvm, name, fix) => {
    const found = await probe({ FAKE_SMOLVM_KVM: kvm, FAKE_READY_MS: "300" });
    expect(found.usable).toBe(false);
    expect(found.checks.find(({ outcome }) => outcome === "failed")).toMatchObject({
      name,
      fix: expect.stringMatching(fix),
    });
    // mended meanwhile: it is tried again when that is asked for
    expect((await probe({})).usable).toBe(false);
    expect((await probe({}, "deep")).usable).toBe(true);
  });

  test("too old is refused, the newest known is fine, a newer one is warned of", async () => {
    expect(await probe({ FAKE_SMOLVM_VERSION: "1.7.7" })).toMatchObject({
      usable: false,
      checks: [{ name: "version" }],
    });
    expect(await probe({ FAKE_SMOLVM_VERSION: "1.40.0" })).toMatchObject({
      usable: true,
      checks: [{ outcome: "warning" }, {}, {}],
    });
  });

  test.each([
    [
      "another product of that name",
      "#!/bin/sh\ncase $1 in --version) echo 'smolvm 0.9.1';; *) echo 'usage: smolvm create'; exit 2;; esac\n",
    ],
    ["a program that says nothing", "#!/bin/sh\n"],
  ])("%s is recognised", async (_what, script) => {
    const path = join(folder, "smolvm-other");
    writeFileSync(path, script);
    chmodSync(path, 0o755);
    const setup = {
      ...makeSmolmachinesSetup(folder),
      smolvm: openSmolvm({ ...process.env, BOTTLE_SMOLVM: path }, run),
    };
    const found = await makeSmolmachinesBackend(setup).probe();
    expect(found).toMatchObject({
      usable: false,
      checks: [{ name: "command", outcome: "failed", fix: expect.stringContaining("BOTTLE_SMOLVM") }],
    });
    expect(found.checks[0]?.detail).toContain("another program");
  });

  test("none at all is told with the way to get it; that nobody lists machines is not the same as none", async () => {
    const setup = {
      ...makeSmolmachinesSetup(folder),
      smolvm: openSmolvm({ ...process.env, BOTTLE_SMOLVM: join(folder, "none") }, run),
    };
    const backend = makeSmolmachinesBackend(setup);
    expect(await backend.probe()).toMatchObject({
      usable: false,
      checks: [{ fix: expect.stringContaining("install.sh") }],
    });
    await expect(backend.list()).rejects.toMatchObject({
      code: "backend/not-available",
      hint: expect.stringContaining("install.sh"),
    });
  });

  test("an image is saved once, also by two at once, and anew when its Dockerfile changes; half an archive is never used", async () => {
    const context = join(folder, "context");
    mkdirSync(context);
    const dockerfile = join(context, "Dockerfile");
    const recipe = { dockerfile, context, tag: `bot-bottle-test/prepare`, args: {} };
    const prepare = async () => {
      const lines: string[] = [];
      const watch = { signal: undefined, onLine: (line: string) => void lines.push(line) };
      const { image } = await makeSmolmachinesBackend(makeSmolmachinesSetup(folder)).prepare(recipe, watch);
      return { image: image ?? "", saved: lines.filter((line) => line.startsWith("saving")).length > 0 };
    };
    writeFileSync(dockerfile, `FROM ${BASE_IMAGE}\nUSER node\n`);
    mkdirSync(join(folder, "cache/smolmachines"), { recursive: true });
    const two = await Promise.all([prepare(), prepare()]);
    expect(two.map(({ saved }) => saved).sort()).toEqual([false, true]);
    const [{ image }] = two;
    expect(await prepare()).toEqual({ image, saved: false });
    // one that was killed while it saved
    await rm(image);
    writeFileSync(`${image}.partial`, "half");
    expect(await prepare()).toEqual({ image, saved: true });
    expect(readdirSync(join(folder, "cache/smolmachines"))).toEqual([image.split("/").at(-1)]);
    writeFileSync(dockerfile, `FROM ${BASE_IMAGE}\nENV CHANGED=1\nUSER node\n`);
    const changed = await prepare();
    expect(changed.saved).toBe(true);
    expect(changed.image).not.toBe(image);
    expect(existsSync(image)).toBe(true);
  }, 120_000);
});
