import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Prepared } from "../../src/backends/backend.ts";
import type { SmolmachinesSetup } from "../../src/backends/smolmachines/setup.ts";
import { makeSmolmachinesBackend } from "../../src/backends/smolmachines/smolmachines-backend.ts";
import { randomBase36 } from "../../src/base/ids.ts";
import { run } from "../../src/base/process.ts";
import { Scope } from "../../src/base/scope.ts";
import { openEngine } from "../../src/images/engine.ts";
import type { HandOver } from "../../src/plan/hand-over.ts";
import { findBaseImage } from "../fixtures/docker-bottle.ts";
import { makeRunInside, makeTestSpec } from "../fixtures/local-bottle.ts";
import { buildRegistryImage, whyNoRegistryImage } from "../fixtures/registry-image.ts";
import { buildSmallImage } from "../fixtures/small-image.ts";
import { type DoubleEnv, IS_REAL, makeSmolmachinesSetup } from "../fixtures/smolmachines-bottle.ts";
import { whyNoDouble } from "../fixtures/smolvm-double.ts";
import { sh } from "../images/tiny-image.ts";

// How an image gets to where machines are made from it, on the double: only it can be told to be another version, or to fail.

const why =
  findBaseImage().why ||
  (whyNoDouble() ?? whyNoRegistryImage() ?? (IS_REAL ? "only the double can be told to fail" : ""));
if (why !== "" && process.env["CI"] === "true" && !IS_REAL) throw new Error(why);

const TAG = `bot-bottle-test/hand-over-${randomBase36(8)}`;
/** The newest smolvm pulls from loopback on the host; those before cannot. */
const NEWEST: DoubleEnv = { FAKE_SMOLVM_VERSION: "1.23.1", FAKE_SMOLVM_HOST_PULL: "1" };
const ROOT = [
  "cd /; find . -xdev \\( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./run -o -path ./sys \\) -prune -o",
  "-printf '%p %y %m %U:%G %l\\n' | sort; find etc home opt usr/bin -type f -exec sha256sum {} + | sort",
].join(" ");

describe.skipIf(why !== "")(`the hand-over of an image to machines${why && `: ${why}`}`, () => {
  let folder: string;
  let registry: string;
  let small: string;
  let log: string;
  beforeAll(() => {
    registry = buildRegistryImage();
    small = buildSmallImage();
  });
  afterAll(() => void sh("docker", "image", "rm", "--force", TAG));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "bottle-hand-"));
    log = join(folder, "engine.log");
    mkdirSync(join(folder, "context"));
    dockerfile(
      "RUN mkdir -p /opt/mine && echo mine >/opt/mine/file && chown -R node /opt/mine && chmod 600 /opt/mine/file",
    );
    const recorder = `#!/bin/sh\necho "$*" >>${log}\nexec docker "$@"\n`;
    writeFileSync(join(folder, "engine"), recorder);
    chmodSync(join(folder, "engine"), 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const dockerfile = (lines: string) =>
    writeFileSync(join(folder, "context/Dockerfile"), `FROM ${small}\n${lines}\nUSER node\n`);
  const setup = (double: DoubleEnv, more: Partial<SmolmachinesSetup> = {}): SmolmachinesSetup => ({
    ...makeSmolmachinesSetup(folder, double),
    engine: openEngine({ ...process.env, BOTTLE_DOCKER: join(folder, "engine") }, run),
    ...more,
  });
  const prepare = async (
    handOver: HandOver,
    double: DoubleEnv = NEWEST,
    more: Partial<SmolmachinesSetup> = {},
    signal?: AbortSignal,
  ) => {
    const warnings: string[] = [];
    const context = join(folder, "context");
    const recipe = { dockerfile: join(context, "Dockerfile"), context, tag: TAG, args: {} };
    const watch = { signal, onLine: undefined, onWarning: (text: string) => void warnings.push(text) };
    const prepared = await makeSmolmachinesBackend(setup(double, more)).prepare({ ...recipe, handOver }, watch);
    return { ...prepared, path: prepared.image ?? "", warnings };
  };
  const kept = () => readdirSync(join(folder, "cache/smolmachines")).sort();
  /** What the engine and smolvm were asked since it was last looked, by the words that cost something */
  const asked = () => {
    const lines = [log, join(folder, "smolvm/calls.jsonl")].flatMap((file) => {
      const text = existsSync(file) ? readFileSync(file, "utf8") : "";
      writeFileSync(file, "");
      return text.split("\n").filter(Boolean);
    });
    return lines.flatMap((line) => {
      const words = line.startsWith("{") ? (JSON.parse(line) as { argv: string[] }).argv : line.split(" ");
      const [first = "", second = ""] = words;
      return ["save", "push"].includes(first) ? [first] : first === "pack" ? [`pack ${second}`] : [];
    });
  };
  const containers = () =>
    sh("docker", "ps", "--all", "--quiet", "--filter", `ancestor=${registry}`, "--filter", "label=bot-bottle.home");
  const guestOf = async (prepared: Prepared, double: DoubleEnv, more: Partial<SmolmachinesSetup> = {}) => {
    const scope = new Scope();
    const place = await mkdtemp(join(folder, "guest-"));
    const spec = await makeTestSpec(place, {});
    mkdirSync(spec.scratch, { recursive: true });
    const given = { ...spec, image: prepared.image, ...(prepared.instead && { instead: prepared.instead }) };
    try {
      const guest = await makeSmolmachinesBackend(setup(double, more)).create(given, scope);
      return { guest, run: makeRunInside(guest, spec), scope };
    } catch (error) {
      await scope.close();
      throw error;
    }
  };
  const machines = () =>
    (JSON.parse(readFileSync(join(folder, "smolvm/state.json"), "utf8")) as { machines: { name: string }[] }).machines;
  const rootOf = async (artifact: string) => {
    const { smolvm } = setup(NEWEST);
    const form = artifact.endsWith(".tar") ? "--image" : "--from";
    const name = "bb-root";
    const call = async (...args: readonly string[]) => {
      const { exit, stdout, stderr } = await smolvm.run(args);
      expect(exit, stderr).toEqual({ kind: "code", code: 0 });
      return stdout.toString("utf8");
    };
    await call("machine", "create", "--name", name, form, artifact, "--", "sleep", "infinity");
    await call("machine", "start", "--name", name);
    try {
      const user = await call("machine", "exec", "--name", name, "--", "id", "-un");
      return `${user}${await call("machine", "exec", "--name", name, "--user", "0:0", "--", "sh", "-c", ROOT)}`;
    } finally {
      await call("machine", "delete", "--name", name, "-f");
    }
  };

  test("all ways end in the same root of a machine, and leave nothing but their artifact", async () => {
    const archive = await prepare({ kind: "archive" });
    const served = await prepare({ kind: "registry" });
    const pushed = await prepare({ kind: "push", image: registry });
    expect([archive.warnings, served.warnings, pushed.warnings]).toEqual([[], [], []]);
    const template = await makeSmolmachinesBackend(setup(NEWEST)).hasten?.(archive, {
      signal: undefined,
      onLine: undefined,
    });
    const paths = [archive.path, served.path, pushed.path, template?.image ?? ""];
    const id = basename(archive.path).slice(0, 16);
    expect(paths.map((path) => basename(path))).toEqual([
      `${id}-${process.arch}-archive-v1.tar`,
      ...["registry", "push", "template"].map((by) => `${id}-${process.arch}-${by}-v1.smolmachine`),
    ]);
    expect(kept()).toEqual(paths.map((path) => basename(path)).sort());
    const roots: string[] = [];
    for (const path of paths) roots.push(await rootOf(path));
    expect(roots[0]).toContain("./opt/mine/file f 600 1000:0");
    expect(roots[0]).toMatch(/^node\n/);
    for (const root of roots.slice(1)) expect(root).toBe(roots[0]);
    expect(containers()).toBe("");
    expect(machines()).toEqual([]);
    expect(sh("docker", "image", "ls", "--quiet", "--filter", "reference=127.0.0.1:*/bot-bottle/*")).toBe("");
  }, 300_000);

  test("by every way: once also by two at once, nothing for what is unchanged, anew for what is edited or was deleted", async () => {
    for (const how of [{ kind: "registry" }, { kind: "push", image: registry }] as const) {
      const work = how.kind === "push" ? ["push", "pack create"] : ["save", "pack create"];
      await rm(join(folder, "cache"), { recursive: true, force: true });
      const [one, two] = await Promise.all([prepare(how), prepare(how)]);
      expect(one.path).toBe(two.path);
      expect(asked()).toEqual(work);
      expect((await prepare(how)).path).toBe(one.path);
      expect(asked()).toEqual([]);
      // one that was killed in the middle
      await rm(one.path);
      mkdirSync(`${one.path}.partial`);
      writeFileSync(`${one.path}.partial/machine.smolmachine`, "half");
      writeFileSync(`${one.path}.saved`, "half");
      expect((await prepare(how)).path).toBe(one.path);
      expect(asked()).toEqual(work);
      if (how.kind === "registry") expect(kept()).toEqual([basename(one.path)]);
      dockerfile(`ENV CHANGED=${how.kind}`);
      expect((await prepare(how)).path).not.toBe(one.path);
      expect(asked()).toEqual(work);
    }
  }, 300_000);

  test("what was saved before is served as it is; no second copy is made", async () => {
    await prepare({ kind: "archive" });
    expect(asked()).toEqual(["save"]);
    expect((await prepare({ kind: "registry" })).warnings).toEqual([]);
    expect(asked()).toEqual(["pack create"]);
  }, 120_000);

  test.each([
    ["a smolvm whose guests cannot reach loopback", "registry", { FAKE_SMOLVM_VERSION: "1.17.0" }, /permission denied/],
    ["a smolvm whose packs lose the user", "registry", { FAKE_SMOLVM_VERSION: "1.14.4" }, /lose the user/],
    ["a pack that fails", "push", { ...NEWEST, FAKE_SMOLVM_FAIL: "create:2:storage is full" }, /storage is full/],
    ["an image of a registry that is not there", "push-none", NEWEST, /registry cannot be started/],
    ["Docker Desktop", "push-desktop", NEWEST, /virtual machine.*--hand-over registry/],
  ])(
    "%s: the archive is used, a line says why, and nothing is left",
    async (_what, by, double, words) => {
      const none = `sha256:${"0".repeat(64)}`;
      const how: HandOver =
        by === "registry" ? { kind: "registry" } : { kind: "push", image: by === "push-none" ? none : registry };
      if (by === "push-desktop") {
        const answer = JSON.stringify({ OperatingSystem: "Docker Desktop" });
        const script = `#!/bin/sh\n[ "$1" = info ] && { echo '${answer}'; exit; }\nexec docker "$@"\n`;
        writeFileSync(join(folder, "engine"), script);
      }
      // the first `create` of the double is the one that is counted
      const faulty =
        "FAKE_SMOLVM_FAIL" in double ? { ...double, FAKE_SMOLVM_FAIL: "create:1:storage is full" } : double;
      const { path, warnings } = await prepare(how, faulty);
      expect(basename(path)).toMatch(/-archive-v1\.tar$/);
      expect(warnings).toEqual([expect.stringMatching(words)]);
      expect(warnings[0]).toContain(`--hand-over ${how.kind} does not work, so the archive is used`);
      expect(kept()).toEqual([basename(path)]);
      expect(containers()).toBe("");
    },
    120_000,
  );

  test.each([
    ["registry", { kind: "registry" }],
    ["push", { kind: "push" }],
  ] as const)(
    "a stop in the middle of %s leaves no server, no container and no file",
    async (_what, form) => {
      const how: HandOver = form.kind === "push" ? { ...form, image: registry } : form;
      const stopped = new AbortController();
      const slow = join(folder, "slow-smolvm");
      const { smolvm } = makeSmolmachinesSetup(folder, NEWEST);
      const reached = join(folder, "reached");
      const script = `#!/bin/sh\n[ "$1" = pack ] && { echo "$4" >${reached}; exec sleep 60; }\nexec ${smolvm.command} "$@"\n`;
      writeFileSync(slow, script);
      chmodSync(slow, 0o755);
      const preparing = prepare(
        how,
        NEWEST,
        {
          smolvm: {
            ...smolvm,
            command: slow,
            run: (args, options) => run([slow, ...args], { ...options, env: smolvm.env }),
          },
        },
        stopped.signal,
      );
      const early = preparing.then(() => {
        throw new Error("prepared, although nothing was packed");
      });
      early.catch(() => {});
      while (!existsSync(reached) || readFileSync(reached, "utf8") === "") await Promise.race([sleep(20), early]);
      const [, port = ""] = /^127\.0\.0\.1:(\d+)\//.exec(readFileSync(reached, "utf8")) ?? [];
      expect((await fetch(`http://127.0.0.1:${port}/v2/`)).status).toBe(200);
      stopped.abort("SIGINT");
      await expect(preparing).rejects.toBe("SIGINT");
      await expect(fetch(`http://127.0.0.1:${port}/v2/`)).rejects.toThrow();
      expect(kept()).toEqual([]);
      expect(containers()).toBe("");
    },
    120_000,
  );

  test("a template is made while a bottle runs, later machines start from it; one that fails is not tried again", async () => {
    const first = await prepare({ kind: "archive" });
    const hasty = { templateAfterMs: 0 };
    const one = await guestOf(first, NEWEST, hasty);
    const template = first.path.replace("-archive-v1.tar", "-template-v1.smolmachine");
    while (!existsSync(template)) await sleep(50);
    expect((await one.run(["id", "-un"])).stdout).toBe("node\n");
    await one.scope.close();
    expect(machines()).toEqual([]);
    const second = await prepare({ kind: "archive" });
    expect(second.path).toBe(template);
    asked();
    const two = await guestOf(second, NEWEST, hasty);
    expect((await two.run(["sh", "-c", "cat /opt/mine/file; id -un"])).stdout).toBe("mine\nnode\n");
    await two.scope.close();
    expect(asked()).toEqual([]);
    // a version that cannot read it
    const failing = { ...NEWEST, FAKE_SMOLVM_FAIL: "start:1:pack format is unknown" };
    const third = await prepare({ kind: "archive" });
    const three = await guestOf(third, failing, hasty);
    expect(third.warnings).toEqual([expect.stringContaining("pack format is unknown")]);
    expect((await three.run(["id", "-un"])).stdout).toBe("node\n");
    await three.scope.close();
    expect(machines()).toEqual([]);
    expect(kept()).toEqual([basename(first.path), `${basename(template)}.refused`].sort());
    expect((await prepare({ kind: "archive" })).path).toBe(first.path);
    // another version is another chance
    expect((await prepare({ kind: "archive" }, { ...NEWEST, FAKE_SMOLVM_VERSION: "1.24.0" })).path).toBe(first.path);
  }, 300_000);

  test("no template where smolvm cannot pack such a machine; the end of a bottle ends the making of one", async () => {
    const first = await prepare({ kind: "archive" });
    const watch = { signal: undefined, onLine: undefined };
    const old = { FAKE_SMOLVM_VERSION: "1.14.4" };
    asked();
    expect(await makeSmolmachinesBackend(setup(old)).hasten?.(first, watch)).toBeUndefined();
    expect(asked()).toEqual([]);
    const { scope } = await guestOf(first, NEWEST, { templateAfterMs: 0 });
    await scope.close();
    expect(machines()).toEqual([]);
    expect(kept().filter((name) => !name.endsWith(".tar"))).toEqual([]);
  }, 120_000);
});
