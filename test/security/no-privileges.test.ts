import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

describe(`as ${WHO}: a bottle has no privileges and cannot gain any`, () => {
  let bottle: TestBottle;
  beforeAll(async () => {
    bottle = await openTestBottle();
  });
  afterAll(() => bottle.close());

  test("no capabilities, no new ones, a filter on every process", async () => {
    const { stdout } = await bottle.run(["cat", "/proc/self/status", "/proc/1/status"]);
    const values = (name: string) => [...stdout.matchAll(new RegExp(`^${name}:\\s+(\\S+)`, "gm"))].map((m) => m[1]);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(values(set)).toEqual(["0000000000000000", "0000000000000000"]);
    }
    expect(values("NoNewPrivs")).toEqual(["1", "1"]);
    expect(values("Seccomp")).toEqual(["2", "2"]);
    expect(values("Uid")).toEqual(["1000", "1000"]);
    expect([...stdout.matchAll(/^Groups:\s+(.*)$/gm)].map((m) => m[1]?.trim())).not.toContain("0");
  });

  test("never kernel user 0, and one user only", async () => {
    const { stdout } = await bottle.run(["cat", "/proc/self/uid_map", "/proc/self/gid_map"]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
    expect(lines).toHaveLength(2);
    for (const [inside, , count] of lines) expect([inside, count]).toEqual(["1000", "1"]);
    expect(bottle.guest.owner.uid).toBeGreaterThan(0);
    expect(bottle.guest.owner.gid).toBeGreaterThan(0);
  });

  test("setuid files and setuid() do nothing", async () => {
    const results = await attack(bottle);
    expect(results.get("setuid-0")).toBe(ERRNO.EINVAL);
    expect(results.get("setgid-0")).toBe(ERRNO.EINVAL);
    expect(results.get("setgroups")).toBe(ERRNO.EPERM);
    expect(results.get("chown-root")).toBe(ERRNO.EINVAL);
    const { stdout } = await bottle.run(["sh", "-c", "cp /usr/bin/id id && chmod 6755 id && ./id -u; id -u"]);
    expect(stdout).toBe("1000\n1000\n");
    const mounts = await bottle.run(["cat", "/proc/self/mounts"]);
    for (const line of mounts.stdout.trim().split("\n")) expect(line.split(" ")[3]?.split(",")).toContain("nosuid");
  });
});
