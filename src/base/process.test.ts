import { execFileSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { coverDescriptors, run, startProcess } from "./process.ts";

test("a descriptor that would leak is covered, the ones that are given stay", () => {
  expect(coverDescriptors("ignore", [4], 9)).toEqual(["ignore", "ignore", "ignore", "ignore", 9]);
  expect(coverDescriptors(["pipe", 1, 2, "ipc", 7], [3, 4, 5], 9)).toEqual(["pipe", 1, 2, "ipc", 7, 9]);
  expect(coverDescriptors(["pipe", "pipe", "pipe"], [], 9)).toEqual(["pipe", "pipe", "pipe"]);
});

test("a child sees nothing of a descriptor that this process was started with", async () => {
  const program = `
    import { startProcess } from "./src/base/process.ts";
    const child = startProcess(["ls", "-l", "/proc/self/fd"], { env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.pipe(process.stdout);
  `;
  const shell = `exec 40</; ls -l /proc/self/fd >&2; exec "$0" --import tsx --input-type=module -e "$1"`;
  const listing = execFileSync("bash", ["-c", shell, process.execPath, program], {
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
  });
  expect(listing).toContain(" 1 -> ");
  expect(listing).not.toMatch(/-> \/$/m);
});

test("the standard streams still work when something is covered", async () => {
  const child = startProcess(["cat"], { env: { PATH: process.env["PATH"] }, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin?.end("hello");
  expect(child.stdout && (await text(child.stdout))).toBe("hello");
});

test("what was stopped before it began ends at once", async () => {
  const { exit } = await run(["sleep", "60"], { env: { PATH: "/usr/bin:/bin" }, signal: AbortSignal.abort("SIGINT") });
  expect(exit).toEqual({ kind: "signal", signal: "SIGTERM" });
});

describe("a group ends as a whole", () => {
  const DEAF = ["sh", "-c", 'trap "" TERM; sleep 61.5 & sleep 61.5; sleep 61.5'] as const;
  const env = { PATH: "/usr/bin:/bin" };
  const sleepers = () =>
    execFileSync("ps", ["-eo", "stat,args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => /^[^Z]\S*\s+sleep 61\.5$/.test(line));

  test("when its time is over", async () => {
    await expect(run(DEAF, { env, group: true, timeoutMs: 500 })).rejects.toMatchObject({ code: "process/timeout" });
    await expect.poll(sleepers).toEqual([]);
  });

  test("when it is asked to, by force where it does not listen", async () => {
    const stop = new AbortController();
    const ended = run(DEAF, { env, group: true, signal: stop.signal });
    await expect.poll(() => sleepers().length, { timeout: 10_000 }).toBe(2);
    stop.abort();
    expect(await ended).toMatchObject({ exit: { signal: "SIGKILL" } });
    await expect.poll(sleepers).toEqual([]);
  });
});
