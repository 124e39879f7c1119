import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, ERRNO } from "../fixtures/attack.ts";
import { openTestBottle, type TestBottle, WHO } from "../fixtures/local-bottle.ts";

describe(`as ${WHO}: a bottle has no devices but the harmless ones`, () => {
  let bottle: TestBottle;
  beforeAll(async () => {
    bottle = await openTestBottle();
  });
  afterAll(() => bottle.close());

  test("and cannot make any", async () => {
    const results = await attack(bottle);
    expect(results.get("mknod-char")).toBe(ERRNO.EPERM);
    expect(results.get("mknod-block")).toBe(ERRNO.EPERM);
    expect(results.get("mkfifo")).toBe("ok");
  });

  test("in /dev, which is read-only", async () => {
    const { stdout } = await bottle.run(["sh", "-c", "ls /dev; touch /dev/x 2>&1; rm /dev/null 2>&1"]);
    const [names, messages] = [stdout.split("touch:")[0]?.trim().split("\n"), stdout];
    expect(names?.toSorted()).toEqual([
      "core",
      "fd",
      "full",
      "null",
      "ptmx",
      "pts",
      "random",
      "shm",
      "stderr",
      "stdin",
      "stdout",
      "tty",
      "urandom",
      "zero",
    ]);
    expect(messages).toMatch(/touch: .*Read-only file system/);
    expect(messages).toMatch(/rm: .*Read-only file system/);
  });
});
