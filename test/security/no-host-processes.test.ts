import { expect, test } from "vitest";
import { openTestBottle, WHO } from "../fixtures/local-bottle.ts";

test(`as ${WHO}: a bottle sees and signals only its own processes`, async () => {
  const bottle = await openTestBottle();
  try {
    const script =
      'ls /proc | grep -c "^[0-9]"; kill -0 "$0" 2>&1; kill -9 "$0" 2>&1; cat /proc/"$0"/comm 2>&1; echo $$';
    const { stdout } = await bottle.run(["sh", "-c", script, String(process.pid)]);
    const lines = stdout.trim().split("\n");
    expect(Number(lines[0])).toBeLessThan(6);
    expect(lines.filter((line) => line.includes("No such process"))).toHaveLength(2);
    expect(stdout).toMatch(/No such file/);
    expect(Number(lines.at(-1))).toBeLessThan(10);
    const { stdout: groups } = await bottle.run([
      "sh",
      "-c",
      "cut -d: -f3 /proc/self/cgroup | sort -u; cat /proc/sysvipc/shm",
    ]);
    expect(groups.split("\n")[0]).toBe("/");
    expect(groups.trim().split("\n")).toHaveLength(2); // the group, and the head of an empty table
  } finally {
    await bottle.close();
  }
});
