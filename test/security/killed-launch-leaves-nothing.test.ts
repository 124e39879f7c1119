import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callers, findProcesses, Machine, until } from "../e2e/cli.ts";

describe.each(callers)("as $who", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
    machine.git(machine.project, "init", "-q");
    const many = Array.from({ length: 300 }, (_, index) => [`home/project/many/${index}`, `${index}\n`] as const);
    machine.write(Object.fromEntries(many));
  });
  afterAll(() => machine.close());

  test("a kill -9 of the command line ends everything inside within a second, and cleanup removes the rest", async () => {
    const marker = `87${process.pid}${caller.uid}`;
    const script = `setsid sleep ${marker} & setsid sh -c 'trap "" HUP TERM INT; sleep ${marker}; sleep ${marker}' & echo up; sleep ${marker}`;
    const started = machine.start(["start", "--label", "held", "--", "sh", "-c", script]);
    await started.says("up\n");
    const inside = () =>
      findProcesses((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1") === `sleep\0${marker}\0`);
    await until(() => inside().length >= 3);
    started.child.kill("SIGKILL");
    await until(() => inside().length === 0 && machine.processes().length === 0, 1000);
    await machine.run(["cleanup", "--yes", "--all"]);
    expect(await machine.leftovers()).toEqual([]);
  });

  test("a kill -9 at any moment of a start leaves only what cleanup removes", async () => {
    const whole = performance.now();
    await machine.run(["start", "--", "true"]);
    const ms = performance.now() - whole;
    for (let part = 1; part <= 8; part += 1) {
      const started = machine.start(["start", "--label", "held", "--", "sleep", "1000"]);
      const timer = setTimeout(() => started.child.kill("SIGKILL"), (ms * part) / 8);
      await started.ended;
      clearTimeout(timer);
      await until(() => machine.processes().length === 0, 1000);
      const cleaned = await machine.run(["cleanup", "--yes", "--all"]);
      expect(cleaned).toMatchObject({ code: 0, stderr: "" });
      expect(await machine.leftovers()).toEqual([]);
    }
  });
});
