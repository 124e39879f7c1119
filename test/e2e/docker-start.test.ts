import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LABELS, makeOwnerMark } from "../../src/backends/labels.ts";
import { BASE_IMAGE, findBaseImage } from "../fixtures/docker-bottle.ts";
import { openOwnEngine, whyNoOwnEngine } from "../fixtures/own-engine.ts";
import { callers, Machine, until } from "./cli.ts";

const { id, why } = findBaseImage();
const caller = callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail();
/** Each takes a second or two; a hundred are asked for before a release. */
const CYCLES = Number(process.env["BOTTLE_TEST_CYCLES"] ?? 8);

describe.skipIf(id === undefined)(`bottle start --backend docker${why && `: ${why}`}`, () => {
  let machine: Machine;
  const image = (lines: string) => {
    mkdirSync(join(machine.project, ".git"), { recursive: true });
    machine.git(machine.project, "init", "-q");
    writeFileSync(join(machine.project, "Dockerfile"), `FROM ${BASE_IMAGE}\n${lines}\n`);
  };
  const left = (env: Readonly<Record<string, string | undefined>> = process.env) => {
    const filter = ["--filter", `label=${LABELS.home}=${makeOwnerMark(machine.settings, caller.uid)}`];
    return [
      ["ps", "--all", "--quiet"],
      ["volume", "ls", "--quiet"],
    ].map((words) => spawnSync("docker", [...words, ...filter], { encoding: "utf8", env }).stdout);
  };
  const start = (...argv: readonly string[]) => machine.run(["start", "--headless", "--", ...argv]);
  beforeEach(() => {
    machine = new Machine(caller);
    machine.bottle("default", "backend: docker\nagent_provider: {dockerfile: Dockerfile}\n");
    image("RUN echo first >/made");
  });
  afterEach(() => machine.close());

  test("an edited Dockerfile lands with the next start, its build is shown when it takes its time", async () => {
    expect(await start("cat", "/made")).toMatchObject({ code: 0, stdout: "first\n" });
    image(`RUN sleep 1; echo second >/made; : ${randomUUID()}`);
    const edited = await start("cat", "/made");
    expect(edited).toMatchObject({ code: 0, stdout: "second\n" });
    expect(edited.stderr).toContain("RUN sleep 1");
    expect(edited.stderr).not.toMatch(/DEPRECATED|buildx/);
  });

  test("an image that is gone since the last start is built again", async () => {
    await start("true");
    spawnSync("docker", ["image", "rm", "--force", "bot-bottle/bottle-default"]);
    expect(await start("cat", "/made")).toMatchObject({ code: 0, stdout: "first\n" });
    expect(left()).toEqual(["", ""]);
  });

  test("an image that somebody removes while it is started from is told, or built again, and nothing is left", async () => {
    await start("true");
    const tag = "bot-bottle/bottle-default";
    const remove = `while :; do docker image rm --force ${tag}; sleep 0.05; done`;
    const remover = spawn("sh", ["-c", remove], { stdio: "ignore" });
    try {
      const ran = await start("cat", "/made");
      if (ran.code === 0) expect(ran.stdout).toBe("first\n");
      else {
        expect(ran.stderr).toMatch(
          /(no such image|has no image of it).*\[(image\/(engine|build)|launch\/)[a-z-]+\]\n {2}hint: .*somebody removed it/i,
        );
      }
    } finally {
      remover.kill("SIGKILL");
    }
    expect(readdirSync(machine.state).filter((name) => !name.startsWith("."))).toEqual([]);
    expect(left()).toEqual(["", ""]);
    expect(await start("cat", "/made")).toMatchObject({ code: 0, stdout: "first\n" });
  }, 120_000);

  test("two starts at once with one label are one bottle and one refusal", async () => {
    const one = () => machine.run(["start", "--headless", "--label", "mine", "--", "sleep", "2"]);
    await start("true"); // its image is there
    const both = await Promise.all([one(), one()]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 4]);
    expect(both.map(({ stderr }) => stderr).join("")).toContain("[bottle/label-taken]");
    expect(left()).toEqual(["", ""]);
  });

  test("whoever ends the forwarder ends the bottle, and is told so", async () => {
    const killed = await start("sh", "-c", "kill -9 $(pgrep -x node); sleep 1000");
    expect(killed.code).toBe(137);
    expect(killed.stderr).toContain("something inside ended the main process of the bottle");
    const alone = await start("sh", "-c", "kill -9 $$");
    expect(alone.code).toBe(137);
    expect(alone.stderr).not.toContain("main process");
    expect(left()).toEqual(["", ""]);
  });

  test("a command that is killed for memory is told as that, with the key that raises the limit", async () => {
    const resources = "resources: {memory: 128m}";
    machine.bottle("default", `backend: docker\nagent_provider: {dockerfile: Dockerfile}\n${resources}\n`);
    const killed = await start("node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1))");
    expect(killed.code).toBe(137);
    expect(killed.stderr).toMatch(/memory ran out: more than the 128 MiB of `resources\.memory`/);
    expect(left()).toEqual(["", ""]);
  });

  test("a Dockerfile that does not build leaves nothing and says why", async () => {
    image("RUNN true");
    const ran = await start("true");
    expect(ran.code).toBe(6);
    expect(ran.stderr).toMatch(/unknown instruction: RUNN[\s\S]*\[image\/build-failed\]/);
    expect(await machine.leftovers()).toEqual([]);
  });

  test("the command's exit code and streams, and nothing left", async () => {
    const ran = await machine.run(["start", "--headless", "--", "sh", "-c", "cat; echo err >&2; exit 42"], {
      stdin: "in\n",
    });
    expect(ran).toMatchObject({ code: 42, stdout: "in\n" });
    expect(ran.stderr).toContain("err\n");
    expect((await start("no-such-program")).code).toBe(127);
    expect(left()).toEqual(["", ""]);
  });

  test(
    `${CYCLES} starts one after the other and three at once leave no container, volume, network or image`,
    async () => {
      await start("true");
      const count = () =>
        [
          ["ps", "-aq"],
          ["volume", "ls", "-q"],
          ["network", "ls", "-q"],
          ["image", "ls", "-aq"],
        ].map((words) => spawnSync("docker", words, { encoding: "utf8" }).stdout.split("\n").sort());
      const before = count();
      for (let cycle = 0; cycle < CYCLES; cycle++) expect(await start("true")).toMatchObject({ code: 0 });
      const three = await Promise.all([1, 2, 3].map((n) => start("sh", "-c", `echo ${n}`)));
      expect(three.map(({ stdout }) => stdout)).toEqual(["1\n", "2\n", "3\n"]);
      expect(count()).toEqual(before);
    },
    180_000 + CYCLES * 10_000,
  );

  test("after kill -9 the container ends by itself; cleanup brings the workspace back and removes the rest", async () => {
    writeFileSync(join(machine.project, "large"), Buffer.alloc(4 * 1024 * 1024)); // what fills it must not keep it from ending
    const routes = "egress: {routes: [{host: example.com}]}\n";
    machine.bottle("default", `backend: docker\nagent_provider: {dockerfile: Dockerfile}\n${routes}`);
    const running = machine.start(
      ["start", "--headless", "--", "sh", "-c", "echo mine > kept.txt; echo up; sleep 1000"],
      { stdin: "open" },
    );
    await running.says("up");
    running.child.kill("SIGKILL");
    await running.ended;
    const alive = () =>
      spawnSync(
        "docker",
        ["ps", "-q", "--filter", `label=${LABELS.home}=${makeOwnerMark(machine.settings, caller.uid)}`],
        { encoding: "utf8" },
      ).stdout;
    await until(() => alive() === "");
    // where nobody answers, nothing is called removed, and nothing that is waited for goes
    const nowhere = { env: { DOCKER_HOST: `unix://${machine.settings}/none.sock` } };
    const unasked = await machine.run(["cleanup", "--yes", "--all"], nowhere);
    expect(unasked.code).toBe(3);
    expect(unasked.stdout).toMatch(/^keep {2}bottle {2}default-\w+ {2}.*nobody answers\n$/);
    expect(unasked.stderr).toMatch(
      /1 bottle was not cleaned up: docker: .*\[backend\/not-available\]\n {2}hint: start/,
    );
    const cleaned = await machine.run(["cleanup", "--yes"]);
    expect(cleaned.code, cleaned.stderr).toBe(0);
    expect(left()).toEqual(["", ""]);
    const kept = spawnSync("find", [machine.state, "-name", "kept.txt"], { encoding: "utf8" }).stdout.trim();
    expect(readFileSync(kept, "utf8")).toBe("mine\n");
  });

  test("50,000 files, one that nobody may read and a link out of the tree are treated as on local", async () => {
    const script = [
      "mkdir many && cd many && for d in $(seq 500); do mkdir $d; (cd $d; seq 100 | xargs touch); done",
      "chmod 0 1/1; ln -s /etc ../out",
    ];
    spawnSync("sh", ["-c", script.join("; ")], { cwd: machine.project });
    machine.git(machine.project, "add", "--all");
    const ran = await machine.run(
      ["start", "--headless", "--large", "--", "sh", "-c", "find many -type f | wc -l; ls out 2>&1; touch many/1/new"],
      {},
    );
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^50000\n/);
    expect(ran.stderr).toContain("1 added");
  }, 400_000);

  test.skipIf(whyNoOwnEngine() !== undefined)(
    "an engine that dies in the middle is told, and cleaned up after when it is back",
    async () => {
      const engine = await openOwnEngine({});
      const env = { DOCKER_HOST: engine.env["DOCKER_HOST"] ?? "" };
      try {
        const script = "echo mine >kept.txt; echo up; sleep 1000";
        const running = machine.start(["start", "--headless", "--", "sh", "-c", script], { env, stdin: "open" });
        await running.says("up");
        engine.kill();
        const ran = await running.ended;
        expect(ran.code).toBe(4);
        expect(ran.stderr.match(/^bottle: .*/gm)).toEqual([
          expect.stringMatching(
            /the engine went away, and the bottle default-\w+ may still run.*\[bottle\/still-running\]/,
          ),
        ]);
        expect(ran.stderr).toMatch(/hint: start the engine.*`bottle cleanup`/);
        const again = await machine.run(["start", "--headless", "--", "true"], { env });
        expect(again.code).toBe(3);
        expect(again.stderr).toContain("[backend/not-available]");
        const early = await machine.run(["cleanup", "--yes"], { env });
        expect(early).toMatchObject({ code: 3, stdout: expect.stringMatching(/^keep .*nobody answers\n$/) });
        await engine.restart();
        const cleaned = await machine.run(["cleanup", "--yes"], { env });
        expect(cleaned.code, cleaned.stderr).toBe(0);
        expect(left(engine.env)).toEqual(["", ""]);
        const kept = spawnSync("find", [machine.state, "-name", "kept.txt"], { encoding: "utf8" }).stdout.trim();
        expect(readFileSync(kept, "utf8")).toBe("mine\n");
      } finally {
        await engine.close();
      }
    },
    180_000,
  );
});
