import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

describe(`as ${WHO}: nothing of the host's files is in reach`, () => {
  let bottle: TestBottle;
  beforeAll(async () => {
    bottle = await openTestBottle();
  });
  afterAll(() => bottle.close());

  test.each([
    ...["/root", "/boot", "/sys", "/mnt", "/media", "/srv", "/work", "/var/lib", "/var/log", "/var/run"],
    ...["/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/sudoers", "/etc/machine-id", "/etc/npmrc", "/etc/gitconfig"],
    ...["/etc/pip.conf", "/etc/environment", "/etc/ssl/private", "/var/run/docker.sock", "/run/docker.sock"],
    ...[
      "/run/bottle",
      "/run/bot-bottle",
      "/run/dbus",
      "/run/systemd",
      "/run/user",
      "/newroot",
      "/oldroot",
      "/proc/1/cwd/etc/shadow",
    ],
    ...[homedir(), process.cwd(), import.meta.dirname],
  ])("%s", async (path) => {
    const { stdout } = await bottle.run(["sh", "-c", 'ls -d "$0" 2>/dev/null && echo there', path]);
    expect(stdout).toBe("");
  });

  test("a file beside the workspace, by every way up", async () => {
    await writeFile(join(bottle.folder, "secret"), "of the host");
    await mkdir(join(bottle.folder, "other"), { recursive: true });
    const script = `for p in ../secret ../../secret ../../../secret "$0" /proc/1/root"$0" /proc/self/root"$0"; do
      cat "$p" 2>/dev/null; done; find / -xdev -name secret -not -path '/proc/*' -not -path '/usr/*' 2>/dev/null`;
    expect((await bottle.run(["sh", "-c", script, join(bottle.folder, "secret")])).stdout).toBe("");
  });

  test("the root holds only what was put there", async () => {
    const { stdout } = await bottle.run(["ls", "/"]);
    const links = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"].filter((name) => existsSync(`/${name}`));
    const expected = [...links, "dev", "etc", "home", "opt", "proc", "run", "tmp", "usr", "var"].toSorted();
    expect(stdout.trim().split("\n").toSorted()).toEqual(expected);
    expect((await bottle.run(["ls", "-A", "/home", "/opt", "/run", "/tmp"])).stdout).toBe(
      "/home:\nnode\n\n/opt:\nbot-bottle\n\n/run:\n\n/tmp:\n",
    );
  });

  test("its users, hosts and resolver are its own", async () => {
    const { stdout } = await bottle.run([
      "cat",
      "/etc/passwd",
      "/etc/group",
      "/etc/resolv.conf",
      "/etc/hosts",
      "/etc/hostname",
    ]);
    expect(stdout.split("\n").filter((line) => /^\w+:x:/.test(line))).toHaveLength(6);
    expect(stdout).not.toMatch(/nameserver/);
    expect((await bottle.run(["hostname"])).stdout.trim()).toBe("bottle");
    expect((await bottle.run(["id", "-un"])).stdout.trim()).toBe("node");
  });
});
