import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";
import { doubleEnv, IS_REAL } from "../fixtures/smolmachines-bottle.ts";
import { whyNoDouble } from "../fixtures/smolvm-double.ts";
import { AGENTS, openAgentWorld } from "./agent-world.ts";
import { callers, Machine } from "./cli.ts";

const why = findBaseImage().why || (IS_REAL ? "" : (whyNoDouble() ?? ""));
const caller = callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail();

describe.skipIf(why !== "")(`bottle start --backend smolmachines${why && `: ${why}`}`, () => {
  let machine: Machine;
  let env: Readonly<Record<string, string>>;
  const image = (lines: string) => {
    machine.git(machine.project, "init", "-q");
    writeFileSync(join(machine.project, "Dockerfile"), `FROM ${BASE_IMAGE}\n${lines}\nUSER node\n`);
  };
  const start = (...argv: readonly string[]) => machine.run(["start", "--headless", "--", ...argv], { env });
  const smolvm = (...argv: readonly string[]) => {
    const command = env["BOTTLE_SMOLVM"] ?? "smolvm";
    return spawnSync(command, argv, { env: { ...process.env, ...env }, encoding: "utf8" }).stdout;
  };
  beforeEach(() => {
    machine = new Machine(caller);
    env = doubleEnv(machine.folder);
    mkdirSync(join(machine.project, ".git"), { recursive: true });
    machine.bottle(
      "default",
      "backend: smolmachines\nagent_provider: {dockerfile: Dockerfile}\nenv: {TOKEN: '${HOST_TOKEN}'}\n",
    );
    env = { ...env, HOST_TOKEN: "hunter2-of-the-host" };
    image("RUN echo first >/made");
  });
  afterEach(() => machine.close());

  test("an unchanged image is saved once, an edited Dockerfile lands with the next start; nothing is left", async () => {
    const first = await start("cat", "/made");
    expect(first).toMatchObject({ code: 0, stdout: "first\n" });
    const again = await start("cat", "/made");
    expect(again).toMatchObject({ code: 0, stdout: "first\n" });
    expect(again.stderr).not.toContain("saving");
    image("RUN echo second >/made");
    expect(await start("cat", "/made")).toMatchObject({ code: 0, stdout: "second\n" });
    expect(smolvm("machine", "ls", "--json")).toBe("[]\n");
  }, 180_000);

  test.skipIf(IS_REAL)(
    "the image gets there by the way that is asked for, and by the archive where that does not work",
    async () => {
      const by = (way: string) =>
        machine.run(["start", "--headless", "--hand-over", way, "--", "cat", "/made"], { env });
      env = { ...env, FAKE_SMOLVM_VERSION: "1.23.1", FAKE_SMOLVM_HOST_PULL: "1" };
      const registry = await by("registry");
      expect(registry, registry.stderr).toMatchObject({ code: 0, stdout: "first\n" });
      expect(registry.stderr).not.toContain("so the archive is used");
      image("RUN echo second >/made");
      env = { ...env, FAKE_SMOLVM_VERSION: "1.17.0", FAKE_SMOLVM_HOST_PULL: "" };
      const refused = await by("registry");
      expect(refused, refused.stderr).toMatchObject({ code: 0, stdout: "second\n" });
      expect(refused.stderr).toContain("--hand-over registry does not work, so the archive is used");
      expect(await by("mail")).toMatchObject({ code: 2 });
    },
    180_000,
  );

  test("exit codes and streams pass; a secret is in no argument and in nothing that smolvm keeps", async () => {
    const ran = await machine.run(["start", "--headless", "--", "sh", "-c", 'cat; echo "$TOKEN" >&2; exit 42'], {
      env,
      stdin: "in\n",
    });
    expect(ran).toMatchObject({ code: 42, stdout: "in\n" });
    expect(ran.stderr).toContain("hunter2-of-the-host");
    expect((await start("no-such-program")).code).toBe(127);
    if (IS_REAL) return;
    const kept = spawnSync("grep", ["-rlaF", "hunter2-of-the-host", join(machine.folder, "smolvm")], {
      encoding: "utf8",
    });
    expect(kept.stdout).toBe("");
    expect(readFileSync(join(machine.folder, "smolvm/calls.jsonl"), "utf8")).toContain("machine");
  }, 180_000);

  test("after kill -9 nothing of the agent runs; cleanup brings the workspace back and removes the machine", async () => {
    const running = machine.start(
      ["start", "--headless", "--", "sh", "-c", "echo mine > kept.txt; echo up; sleep 4242"],
      { env, stdin: "open" },
    );
    await running.says("up");
    running.child.kill("SIGKILL");
    await running.ended;
    const cleaned = await machine.run(["cleanup", "--yes"], { env });
    expect(cleaned.code, cleaned.stderr).toBe(0);
    expect(smolvm("machine", "ls", "--json")).toBe("[]\n");
    expect(spawnSync("pgrep", ["-f", "sleep 4242"], { encoding: "utf8" }).stdout).toBe("");
    const kept = spawnSync("find", [machine.state, "-name", "kept.txt"], { encoding: "utf8" }).stdout.trim();
    expect(readFileSync(kept, "utf8")).toBe("mine\n");
  }, 180_000);

  test("an agent that ends the main process ends its bottle, and its work is not lost", async () => {
    const ran = await start(
      "sh",
      "-c",
      "echo mine > kept.txt; kill -9 $(grep -l 'bottle/contro[l]' /proc/[0-9]*/cmdline | cut -d/ -f3); sleep 30",
    );
    expect(ran.code, ran.stderr).toBe(137);
    const kept = spawnSync("find", [machine.state, "-name", "kept.txt"], { encoding: "utf8" }).stdout.trim();
    expect(readFileSync(kept, "utf8")).toBe("mine\n");
    expect(smolvm("machine", "ls", "--json")).toBe("[]\n");
  }, 180_000);
});

describe.skipIf(why !== "")(`agents in machines${why && `: ${why}`}`, () => {
  test("Claude Code finishes a turn with a tool call, with a placeholder inside", async () => {
    const scope = new Scope();
    try {
      const claude = AGENTS.find(({ name }) => name === "claude") ?? expect.fail();
      const world = await openAgentWorld(claude, caller, scope, "backend: smolmachines\n");
      const { machine, stub } = world;
      const env = doubleEnv(machine.folder);
      stub.play([
        { kind: "run", command: "echo changed by the agent > file.txt; id -un; env | sort" },
        { kind: "say", text: "I changed the file." },
      ]);
      const ran = await machine.run(["start", "worker", "--headless", "--prompt", "change the file"], {
        env: { ...world.env, ...env },
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain("I changed the file.");
      const folder = ran.stderr
        .split("\n")
        .find((line) => line.startsWith(machine.state) && line.endsWith("/workspace"));
      expect(readFileSync(join(folder ?? "", "file.txt"), "utf8")).toBe("changed by the agent\n");
      const results = stub.asked.flatMap((asked) => asked.results).join();
      expect(results).toContain("node\n");
      expect(results).toContain("the-real-one-is-added-outside-this-bottle");
      expect(JSON.stringify(stub.asked)).toContain(claude.sent.value);
      expect(results).not.toContain(claude.credential);
      if (!IS_REAL) {
        const kept = spawnSync("grep", ["-rlaF", claude.credential, join(machine.folder, "smolvm")], {
          encoding: "utf8",
        });
        expect(kept.stdout).toBe("");
      }
    } finally {
      await scope.close();
    }
  }, 300_000);
});
