import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { platform } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAlive, readHolder } from "./holder.ts";
import { parseProcessStat } from "./process-stat.ts";

const stat = (name: string, state = "S") =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 100 18446744073709551615\n`;

describe("parseProcessStat", () => {
  test.each(["bash", "tmux: server", "a) S 1 (b", ")))", "line\nend", ""])("reads past the name %j", (name) => {
    expect(parseProcessStat(stat(name))).toMatchObject({ state: "S", startTicks: "987654", foreground: true });
  });

  test("whatever a process calls itself, the fields after the name are read", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(parseProcessStat(stat(name))?.startTicks).toBe("987654");
      }),
    );
  });

  test.each(["", "4711", "4711 (bash", "4711 (bash) S 1", "x (bash) S", stat("a").replace("987654", "now")])(
    "%j is not a stat",
    (text) => {
      expect(parseProcessStat(text)).toBeUndefined();
    },
  );
});

describe("isAlive", () => {
  test("this process is alive; with another start time it would be another process", async () => {
    const holder = await readHolder(process.pid);
    expect(await isAlive(holder)).toBe(true);
    expect(await isAlive({ ...holder, startTicks: "1" })).toBe(false);
  });

  test("a process that ended is not", async () => {
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    const holder = await readHolder(child.pid ?? 0);
    expect(await isAlive(holder)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await isAlive(holder)).toBe(false);
  });

  test.skipIf(platform() !== "linux")("nor is one that ended and was not waited for (reads /proc)", async () => {
    const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 1000"], { stdio: ["ignore", "pipe", "ignore"] });
    const [chunk] = await once(parent.stdout, "data");
    const pid = Number(String(chunk));
    const deadline = Date.now() + 10_000;
    for (;;) {
      const found = parseProcessStat(await readFile(`/proc/${pid}/stat`, "latin1"));
      if (found?.state === "Z") {
        expect(await isAlive({ pid, startTicks: found.startTicks })).toBe(false);
        break;
      }
      if (Date.now() > deadline) throw new Error("the process does not end");
      await new Promise((resolve) => setImmediate(resolve));
    }
    parent.kill("SIGKILL");
    await once(parent, "exit");
  });

  test.each([0, -1, 1.5, Number.NaN])("%j is nobody's number", async (pid) => {
    expect(await isAlive({ pid, startTicks: "1" })).toBe(false);
    await expect(readHolder(pid)).rejects.toThrow(/there is no process/);
  });
});
