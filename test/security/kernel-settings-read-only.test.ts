import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

describe(`as ${WHO}: a bottle cannot change the kernel or the system`, () => {
  let bottle: TestBottle;
  beforeAll(async () => {
    bottle = await openTestBottle();
  });
  afterAll(() => bottle.close());

  test.each([
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/swappiness",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sysrq-trigger",
    "/usr/bin/new",
    "/etc/passwd",
    "/etc/new",
    "/new",
    "/home/new",
    "/opt/bot-bottle/bin/node",
    "/opt/bot-bottle/bin/new",
  ])("%s", async (path) => {
    const { stdout } = await bottle.run(["sh", "-c", 'echo x >"$0" && echo written', path]);
    expect(stdout).toBe("");
  });

  test.each(["keys", "timer_list", "kallsyms", "kpagecount", "kpageflags", "kcore"])(
    "/proc/%s tells nothing",
    async (name) => {
      const { stdout } = await bottle.run(["sh", "-c", 'head -c 100 "$0" 2>/dev/null', `/proc/${name}`]);
      expect(stdout).toBe("");
    },
  );

  test("its own places are writable", async () => {
    const script = 'for f in /tmp /run /dev/shm /home/node . /var/tmp; do echo x >"$f/file" && echo ok; done';
    const { stdout } = await bottle.run(["sh", "-c", script]);
    expect(stdout).toBe("ok\n".repeat(6));
  });
});
