import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Backend, GuestSpec } from "../../src/backends/backend.ts";
import { makeSmolmachinesBackend } from "../../src/backends/smolmachines/smolmachines-backend.ts";
import {
  type DoubleEnv,
  doubleEnv,
  IS_REAL,
  type MachineBottle,
  makeArtifact,
  openMachineBottle,
  whyNoMachines,
} from "../fixtures/smolmachines-bottle.ts";

// A machine that has the only copy of a bottle's work is not removed before that is here, and one that nobody holds is found.

const why = whyNoMachines() || (IS_REAL ? "only the double can be told to fail" : "");

describe.skipIf(why !== "")(`a machine is never lost${why && `: ${why}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "bottle-lost-"));
  let artifact: string;
  let bottle: MachineBottle;
  beforeAll(async () => {
    artifact = await makeArtifact(folder);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    bottle = await openMachineBottle({ artifact, files: { "file.txt": "before\n" }, double: wrapped() });
    await bottle.run(["sh", "-c", "echo after > file.txt"]);
  });
  afterEach(() => bottle.close());

  /** The double behind a script that a test may break while a bottle runs. */
  const broken = join(folder, "broken");
  const wrapped = (): DoubleEnv => {
    const real = doubleEnv(folder)["BOTTLE_SMOLVM"] ?? expect.fail();
    const script = join(folder, "smolvm");
    writeFileSync(script, `#!/bin/sh\nif [ -e ${broken} ]; then . ${broken}; fi\nexec ${real} "$@"\n`);
    chmodSync(script, 0o755);
    return { BOTTLE_SMOLVM: script };
  };
  afterEach(() => rmSync(broken, { force: true }));
  const breakIt = (pattern: string, words: string) =>
    writeFileSync(broken, `case "$*" in ${pattern}) echo 'Error: ${words}' >&2; exit 1;; esac\n`);
  const machines = () => {
    const { command, env } = bottle.setup.smolvm;
    const { stdout } = spawnSync(command, ["machine", "ls", "--json"], { env: { ...env }, encoding: "utf8" });
    return JSON.parse(stdout) as readonly { name: string; state: string; labels: Record<string, string> }[];
  };
  const workspace = () => (bottle.spec.workspace.kind === "folder" ? bottle.spec.workspace.path : expect.fail());

  test.each([
    ["the archive cannot be made", "*'tar -c'*", "agent operation failed: exec: something new"],
    ["the machine has ended and does not start again", "*'tar -c'*|*'machine start'*", "storage operation failed: x"],
  ])(
    "when %s it is kept, and the error says what brings the work",
    async (_what, pattern, words) => {
      const { name } = machines()[0] ?? expect.fail();
      await bottle.guest.stop();
      breakIt(pattern, words);
      const error = await bottle.guest.collect().catch((one: unknown) => one);
      expect(error).toMatchObject({ code: "bottle/results-kept", message: expect.stringContaining(name) });
      expect((error as Error).message).toContain(words);
      const { hint = "" } = error as { hint?: string };
      rmSync(broken);
      await bottle.endScope();
      expect(machines()).toMatchObject([{ name, state: "stopped" }]);
      expect(readFileSync(join(workspace(), "file.txt"), "utf8")).toBe("before\n");

      // what the hint says, as it stands there
      const [, typed = ""] = /by hand: (.*)$/.exec(hint) ?? [];
      const shell = spawnSync("sh", ["-c", typed], {
        cwd: folder,
        env: { ...bottle.setup.smolvm.env },
        encoding: "utf8",
      });
      expect(shell.status, shell.stderr).toBe(0);
      expect(spawnSync("tar", ["-x", "-O", "-f", join(folder, "results.tar"), "./file.txt"]).stdout.toString()).toBe(
        "after\n",
      );

      // and what a clean-up does
      const backend = makeSmolmachinesBackend(bottle.setup);
      const [ref] = await backend.list();
      breakIt(pattern, words);
      await expect(backend.remove(ref ?? expect.fail())).rejects.toThrow();
      expect(machines()).toHaveLength(1);
      rmSync(broken);
      await backend.remove(ref ?? expect.fail());
      expect(readFileSync(join(workspace(), "file.txt"), "utf8")).toBe("after\n");
      expect(machines()).toEqual([]);
    },
    60_000,
  );

  test("a machine that does not end is kept", async () => {
    // its main process does not listen any more, and smolvm neither
    const find = "grep -l 'bottle/contro[l]' /proc/[0-9]*/cmdline | cut -d/ -f3";
    const state = `for p in $(${find}); do grep -s '^State' /proc/$p/status; done`;
    const { stdout } = await bottle.run(["sh", "-c", `kill -STOP $(${find}); ${state}`]); // what stands for the VM is root's
    expect(stdout).toContain("T (stopped)");
    breakIt("*'machine stop'*", "agent operation failed: stop: something new");
    await expect(bottle.guest.stop()).rejects.toMatchObject({ code: "bottle/still-running" });
    await bottle.endScope().catch(() => {});
    rmSync(broken);
    expect(machines()).toHaveLength(1);
    const backend = makeSmolmachinesBackend(bottle.setup);
    for (const ref of await backend.list()) await backend.remove(ref);
    expect(readFileSync(join(workspace(), "file.txt"), "utf8")).toBe("after\n");
    expect(machines()).toEqual([]);
  }, 60_000);

  test("what ends well is removed, results first", async () => {
    await bottle.guest.stop();
    await bottle.guest.collect();
    expect(readFileSync(join(workspace(), "file.txt"), "utf8")).toBe("after\n");
    await bottle.endScope();
    expect(machines()).toEqual([]);
  }, 60_000);

  test("one that nobody holds is found by its labels; another home's, and a stranger's, are left alone", async () => {
    const { command, env } = bottle.setup.smolvm;
    const create = (...words: readonly string[]) =>
      spawnSync(command, ["machine", "create", ...words], { env: { ...env } }).status;
    expect(create("--name", "bb-by-hand")).toBe(0);
    const [own] = machines();
    expect(create("--name", "of-another", ...labels({ ...own?.labels, "bot-bottle.home": "other" }))).toBe(0);
    const backend: Backend = makeSmolmachinesBackend(bottle.setup);
    expect(await backend.list()).toEqual([bottle.guest.ref]);
    const elsewhere = makeSmolmachinesBackend({ ...bottle.setup, home: `${bottle.folder}-else` });
    expect(await elsewhere.list()).toEqual([]);
    await elsewhere.remove(bottle.guest.ref);
    expect(machines().map(({ name }) => name)).toContain(own?.name);
    await backend.remove(bottle.guest.ref);
    await backend.remove(bottle.guest.ref);
    expect(
      machines()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["bb-by-hand", "of-another"]);
    expect(existsSync(workspace())).toBe(true);
  }, 60_000);

  test("a start waits for a busy port and takes the next name; what else goes wrong leaves no machine", async () => {
    const busy = "agent operation failed: bind: Address already in use (os error 98)";
    const double: DoubleEnv = { FAKE_SMOLVM_FAIL: `start:1:${busy}` };
    const take = (spec: GuestSpec) => {
      const env = { ...process.env, ...doubleEnv(dirname(dirname(spec.homeFolder))) };
      const taken = ["machine", "create", "--name", `bb-${spec.slug}`];
      expect(spawnSync(env["BOTTLE_SMOLVM"] ?? "", taken, { env }).status).toBe(0);
      return spec;
    };
    const other = await openMachineBottle({ artifact, files: {}, double, change: take });
    expect(other.guest.ref.detail).toBe(`machine bb-${other.spec.slug}-2`);
    expect((await other.run(["echo", "up"])).stdout).toBe("up\n");
    await other.close();
    const broken = openMachineBottle({
      ...{ artifact, files: {}, double: { FAKE_SMOLVM_FAIL: "start:*:storage operation failed: no" } },
      onFailed: (left) =>
        expect(JSON.parse(readFileSync(join(left, "smolvm/state.json"), "utf8"))).toMatchObject({ machines: [] }),
    });
    await expect(broken).rejects.toMatchObject({ code: "backend/smolvm-failed" });
    await expect(broken).rejects.toThrow("the machine does not start: storage operation failed: no");
  }, 60_000);

  test("a mounted workspace keeps its owner inside, where users can be chosen", async () => {
    const path = join(folder, "mounted");
    await mkdir(path, { recursive: true });
    await chown(path, 4321, 4321);
    chmodSync(folder, 0o755);
    const mounted = (version: string) =>
      openMachineBottle({
        ...{ artifact, files: {}, double: { FAKE_SMOLVM_VERSION: version } },
        change: (spec) => ({ ...spec, workspace: { kind: "mount", path, owner: { uid: 4321, gid: 4321 } } }),
      });
    const other = await mounted("1.17.0");
    const { stdout, stderr } = await other.run([
      "sh",
      "-c",
      "id -u; id -un; touch made ~/mine && stat -c %u made ~ ~/mine",
    ]);
    expect([stdout, stderr]).toEqual(["4321\nnode\n4321\n4321\n4321\n", ""]);
    await other.close();
    await expect(mounted("1.9.3")).rejects.toMatchObject({
      message: "the workspace belongs to the user 4321, and everything in a machine of smolvm 1.9.3 runs as 1000",
      hint: expect.stringContaining("--workspace copy"),
    });
  }, 60_000);
});

function labels(all: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(all).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
}
