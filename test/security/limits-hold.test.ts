import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

const FORKS = `my $n = 0; while ($n < 5000) { my $p = fork; last unless defined $p; if (!$p) { sleep 100; exit } $n++ } print "$n\\n"`;

describe(`as ${WHO}: the limits of a bottle hold`, () => {
  let bottle: TestBottle;
  beforeAll(async () => {
    bottle = await openTestBottle({ limits: { pids: 60, memoryBytes: 96 * 1024 * 1024 } });
  });
  afterAll(() => bottle.close());

  test("a fork bomb stops at the limit and ends with its command", async () => {
    const { stdout, exit } = await bottle.run(["perl", "-e", FORKS]);
    expect(exit).toEqual({ kind: "code", code: 0 });
    expect(Number(stdout)).toBeGreaterThan(20);
    expect(Number(stdout)).toBeLessThan(60);
    expect((await bottle.run(["echo", "still usable"])).stdout).toBe("still usable\n");
  });

  test("two commands of one bottle share the limit", async () => {
    const argv = ["perl", "-e", `$| = 1; ${FORKS}; <STDIN>`];
    const first = await bottle.guest.exec({ argv, env: new Map(), cwd: "/", terminal: undefined });
    if (first.kind !== "pipes") throw new Error("pipes were asked for");
    await new Promise((resolve) => first.stdout.once("data", resolve));
    await expect(bottle.run(["true"])).rejects.toMatchObject({
      message: expect.stringContaining("limit of processes"),
    });
    first.stdin.end();
    await first.exit;
    expect((await bottle.run(["echo", "still usable"])).stdout).toBe("still usable\n");
  });

  test("memory is limited, or the plan says that it is not", async () => {
    const { heldBy, why } = bottle.spec.limits;
    if (heldBy === "nothing") {
      expect(why).toMatch(/control groups/);
      return;
    }
    const { exit, stdout } = await bottle.run(["perl", "-e", 'my $x = "x" x (300 * 1024 * 1024); print length $x']);
    expect(stdout).toBe("");
    expect(exit).toEqual({ kind: "signal", signal: "SIGKILL" });
    expect((await bottle.run(["echo", "still usable"])).stdout).toBe("still usable\n");
  });

  test.each([
    ["/tmp", 48],
    ["/run", 64],
    ["/dev/shm", 256],
  ])("%s holds at most %i MiB", async (folder, mebibytes) => {
    const { stdout } = await bottle.run(["df", "--output=size", "-k", folder]);
    expect(Number(stdout.trim().split("\n").at(-1))).toBe(mebibytes * 1024);
  });

  test("a file system in memory is full when it is full", async () => {
    const small = await openTestBottle({
      limits: { memoryBytes: 32 * 1024 * 1024, heldBy: "nothing", why: "of the test" },
    });
    try {
      const { stdout } = await small.run([
        "sh",
        "-c",
        "head -c 40000000 /dev/zero 2>&1 >/tmp/big; stat -c %s /tmp/big",
      ]);
      expect(stdout).toMatch(/No space left on device/);
      expect(Number(stdout.trim().split("\n").at(-1))).toBe(16 * 1024 * 1024);
    } finally {
      await small.close();
    }
  });

  test("no core is dumped, nor given to the host's crash handler, whatever a program asks for", async () => {
    // 0 only means no file: a handler (`|` in core_pattern) is started by the host's root all the same; with 1 it is not
    const lower = "ulimit -Sc 0; ulimit -Hc 0; ulimit -c; prlimit --core=0:0; prlimit --pid $$ --core=0:0";
    const { stdout } = await bottle.run(["bash", "-c", `${lower}; grep -h core /proc/$$/limits /proc/self/limits`]);
    expect(stdout.replace(/ +/g, " ")).toBe("0\nMax core file size 1 1 bytes \nMax core file size 1 1 bytes \n");
  });
});
