import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

describe.each(callers)("as $who, a start that is stopped", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
  });
  afterAll(() => machine.close());

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s while the command runs ends with %i, also when the command ignores it", async (signal, code) => {
    for (const trap of ["", 'trap "" INT TERM HUP; ']) {
      const started = machine.start(["start", "--", "bash", "-c", `${trap}echo up; while :; do sleep 100; done`]);
      await started.says("up\n");
      started.child.kill(signal);
      expect(await started.ended).toMatchObject({ code, stdout: "up\n" });
      expect(machine.processes()).toEqual([]);
    }
    await machine.run(["cleanup", "--all", "--yes"]);
    expect(await machine.leftovers()).toEqual([]);
  });

  test("by SIGTERM on its way leaves nothing, without a clean-up", async () => {
    for (const ms of [200, 400, 600]) {
      const started = machine.start(["start", "--", "true"]);
      const timer = setTimeout(() => started.child.kill("SIGTERM"), ms);
      const { code, stderr } = await started.ended;
      clearTimeout(timer);
      expect(stderr).not.toContain("a fault of bot-bottle");
      expect([0, 143, null]).toContain(code);
      expect((await machine.leftovers()).filter((left) => code !== 143 || !left.startsWith("state "))).toEqual([]);
    }
  });
});

describe.each(callers)("as $who, a start that is refused", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
    machine.bottle("missing", `env: { A: '\${NOT_SET}' }`);
    machine.bottle("broken", "env: [");
    machine.bottle("unknown", "workspac: { mode: none }");
    machine.bottle("supervise", "supervise: true");
  });
  afterAll(() => machine.close());

  test.each([
    ["missing", /NOT_SET, which is not set \[secret\/missing\]\n {2}hint: export NOT_SET=/],
    ["broken", /bottles\/broken\.md:\d+:\d+: error\[manifest\/bad-yaml\]/],
    ["unknown", /unknown\.md:2:1: error\[manifest\/unknown-key\][\s\S]*hint: did you mean "workspace"\?/],
    ["supervise", /supervise\.md:2:1: error\[manifest\/not-built\]/],
    ["none-such", /there is no bottle "none-such" \[manifest\/not-found\]/],
  ])("for the bottle %s says why, and leaves nothing", async (bottle, why) => {
    const ran = await machine.run(["start", "--bottle", bottle, "--", "true"]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toMatch(why);
    expect(await machine.leftovers()).toEqual([]);
  });

  test.each(["/", "home"])("in %s names the folder as one that is never copied", async (place) => {
    const ran = await machine.run(["start", "--", "true"], { cwd: place === "/" ? "/" : machine.home });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("which is never copied into a bottle [workspace/not-allowed]");
    expect(await machine.leftovers()).toEqual([]);
  });

  test("for a label that a running bottle has names that bottle, and of two at once one wins", async () => {
    const argv = ["start", "--label", "mine", "--", "sh", "-c", "echo up; read -r line"];
    const both = [machine.start(argv, { stdin: "open" }), machine.start(argv, { stdin: "open" })];
    const won = await Promise.any(both.map((one) => one.says("up\n").then(() => one)));
    const lost = both.find((one) => one !== won);
    const refused = await lost?.ended;
    expect(refused?.code).toBe(4);
    expect(refused?.stderr).toMatch(/the label mine is taken by mine-\w{5}, which is running \[bottle\/label-taken\]/);
    won.child.stdin?.end("go\n");
    expect((await won.ended).code).toBe(0);
    expect(await machine.leftovers()).toEqual([]);
  });
});
