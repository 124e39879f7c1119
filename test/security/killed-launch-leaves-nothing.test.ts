import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { START_STEPS } from "../../src/lifecycle/apply-plan.ts";
import { callers, findProcesses, Machine, until } from "../e2e/cli.ts";

const FILES = 3000;
/** Of the changes of a start every so manieth is one that it is killed before; 1 takes minutes and leaves out none. */
const STRIDE = Number(process.env["KILL_STRIDE"] ?? "12");

describe.each(callers)("as $who", (caller) => {
  let machine: Machine;
  let killAtStep: string;
  let killAtChange: string;
  beforeAll(async () => {
    machine = new Machine(caller);
    killAtStep = machine.bundle("kill-at-step");
    killAtChange = machine.bundle("kill-at-change");
    machine.git(machine.project, "init", "-q");
    const many = Array.from({ length: FILES }, (_, index) => [`home/project/many/${index}`, `${index}\n`] as const);
    machine.write(Object.fromEntries(many));
    machine.write({ "home/small/file.txt": "hello\n" });
    machine.git(`${machine.home}/small`, "init", "-q");
    expect(await machine.run(["start", "--", "true"])).toMatchObject({ code: 0, stderr: "" });
  });
  afterAll(() => machine.close());

  /** Nothing is left but, of a command that ran, the workspace that it may have changed: that goes when it is named. */
  const expectCleanable = async ({ ran }: { readonly ran: boolean }) => {
    await until(() => machine.processes().length === 0, 5000);
    expect(await machine.run(["cleanup", "--yes"])).toMatchObject({ code: 0, stderr: "" });
    const left = await machine.leftovers();
    expect(ran ? left.filter((name) => !/^state held-\w{5}$/.test(name)) : left).toEqual([]);
    if (left.length > 0) await machine.run(["cleanup", "--yes", "--all"]);
    expect(await machine.leftovers()).toEqual([]);
  };

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
    await expectCleanable({ ran: true });
  });

  test.each([...START_STEPS, `${FILES / 3}`])("a kill -9 at %s leaves only what cleanup removes", async (when) => {
    const ran = await machine.run([when, "true"], { program: killAtStep });
    expect(ran).toMatchObject({ code: null, stderr: "" });
    await expectCleanable({ ran: when === "settle" });
  });

  test("a kill -9 before any change of the file system leaves only what cleanup removes", async () => {
    const env = { NODE_OPTIONS: `--import=${killAtChange}` };
    const start = (at: number) =>
      machine.run(["start", "--label", "held", "--", "true"], {
        cwd: `${machine.home}/small`,
        env: { ...env, KILL_AT: String(at) },
      });
    let at = 1;
    for (; ; at += STRIDE) {
      const { code, stderr } = await start(at);
      if (stderr.includes("changes ")) {
        expect(code).toBe(0);
        break;
      }
      await expectCleanable({ ran: true });
    }
    expect(at).toBeGreaterThan(100);
  }, 600_000);
});
