import { execFileSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
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
