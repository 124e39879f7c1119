import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { callers, Machine } from "./cli.ts";

/** Said of a bottle that is kept for its journal. */
const TOLD = /^bottle: exit code \d+; `bottle logs \S+` tells what happened\n$/;

describe.each(callers)("as $who, the exit code of a start", (caller) => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine(caller);
  });
  afterEach(() => machine.run(["cleanup", "--yes", "--all"]));
  afterAll(() => machine.close());

  test.each([0, 1, 3, 126, 127, 200, 255])("is the command's own: %i", async (code) => {
    const ran = await machine.run(["start", "--", "sh", "-c", `exit ${code}`]);
    expect(ran).toMatchObject({ code, stdout: "" });
    if (code !== 0) expect(ran.stderr).toMatch(TOLD);
  });

  test.each([
    ["KILL", 137],
    ["TERM", 143],
    ["SEGV", 139],
  ])("is 128 + N for a command that SIG%s ended", async (signal, code) => {
    expect((await machine.run(["start", "--", "sh", "-c", `kill -${signal} $$`])).code).toBe(code);
  });

  test("is 127 for a program that is not there, which is named, and nothing is left", async () => {
    const ran = await machine.run(["start", "--", "no-such-program", "-x"]);
    expect(ran).toMatchObject({ code: 127, stdout: "" });
    expect(ran.stderr).toMatch(
      /^bottle: no-such-program is not in the bottle \[launch\/command-not-found\]\n {2}hint: /,
    );
    expect(await machine.leftovers()).toEqual([]);
  });

  test("is 126 for a file that is no program, and nothing is left", async () => {
    const ran = await machine.run(["start", "--", "/etc/passwd"]);
    expect(ran.code).toBe(126);
    expect(ran.stderr).toContain("/etc/passwd cannot be executed in the bottle [launch/command-not-executable]");
    expect(await machine.leftovers()).toEqual([]);
  });

  test("is 124 when the time is up, also for a command that does not want to end", async () => {
    machine.bottle("short", "resources: { time: 1s }");
    const script = 'trap "" TERM INT HUP; echo up; while :; do sleep 100; done';
    const ran = await machine.run(["start", "--bottle", "short", "--", "bash", "-c", script]);
    expect(ran).toMatchObject({ code: 124, stdout: "up\n" });
    expect(ran.stderr).toContain("bottle: the time limit ended it\n");
    expect(machine.processes()).toEqual([]);
  });

  test("is the command's own for a caller whose own limits are low", async () => {
    const under = ["prlimit", "--core=0:0", "--nproc=400:400", "--"];
    const ran = await machine.run(["start", "--", "sh", "-c", "ulimit -Hc; exit 5"], { under });
    expect(ran).toMatchObject({ code: 5, stdout: "0\n" });
  });

  test("is the command's own with --json too, which puts a summary alone on standard output", async () => {
    const ran = await machine.run(["start", "--json", "--", "sh", "-c", "echo said; exit 3"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("said\n");
    expect(JSON.parse(ran.stdout)).toMatchObject({ exitCode: 3, provider: null, requests: 0 });
  });

  test("is 0 for a copy that was not changed, of which nothing is left; --keep keeps it", async () => {
    expect(await machine.run(["start", "--", "cat", "file.txt"])).toMatchObject({
      code: 0,
      stdout: "hello\n",
      stderr: "",
    });
    expect(await machine.leftovers()).toEqual([]);
    const kept = await machine.run(["start", "--keep", "--", "true"]);
    expect(kept.stderr).toMatch(/^bottle: kept in\n\S+\n$/);
    expect(await machine.leftovers()).toHaveLength(1);
  });
});
