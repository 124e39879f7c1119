import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = join(ROOT, "dist/main.js");
const folder = mkdtempSync(join(tmpdir(), "bottle-surroundings-test-"));
const project = join(folder, "project");
const home = join(folder, "home");
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, BOT_BOTTLE_HOME: home, TERM: "xterm", NO_COLOR: "1" };

beforeAll(() => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "ignore" });
  mkdirSync(join(home, "bottles"), { recursive: true });
  mkdirSync(project);
  writeFileSync(join(home, "bottles/default.md"), "---\n---\n");
  writeFileSync(join(home, "bottles/granted.md"), "---\nenv:\n  TOKEN: ${A_TOKEN}\n---\n");
  writeFileSync(join(project, "file"), "text\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a shell line in the project; `bottle` in it is the built program. */
function shell(line: string, more: Readonly<Record<string, string>> = {}) {
  const bottle = `bottle() { "${process.execPath}" "${MAIN}" "$@"; }`;
  const timeout = { timeout: 30_000, killSignal: "SIGKILL" } as const;
  const variables = { ...env, ...more };
  const child = spawnSync("/bin/bash", ["-c", `${bottle}; ${line}`], { cwd: project, env: variables, ...timeout });
  return { code: child.status, stdout: String(child.stdout), stderr: String(child.stderr) };
}

test("a reader that goes away ends the command and with it the bottle", () => {
  const { code, stdout } = shell("bottle start --headless -- yes </dev/null | head -n 1; exit ${PIPESTATUS[0]}");
  expect([stdout, code]).toEqual(["y\n", 141]);
});

test.each(["bottle list", "bottle start --headless -- echo hello </dev/null"])("%s: a full disk is told", (line) => {
  const { code, stderr } = shell(`${line} >/dev/full`);
  expect(stderr).toContain("bottle: cannot write the output: ENOSPC");
  expect(stderr).not.toContain("    at ");
  expect(code).not.toBe(0);
});

test.each(["000", "077", "777"])("a umask of %s changes nothing", (umask) => {
  const line = `umask ${umask}; bottle start --headless -- sh -c 'umask; cat file; id -un' </dev/null`;
  expect(shell(line)).toEqual({ code: 0, stdout: "0022\ntext\nnode\n", stderr: "" });
});

test("a current folder that is gone is told as such", () => {
  const { code, stderr } = shell(
    "mkdir ../gone; cd ../gone; rmdir ../gone; bottle start --headless -- true </dev/null",
  );
  expect(stderr).toContain("the current folder is not there any more [workspace/unreadable]");
  expect(code).toBe(2);
});

test.each([
  ["HOME", { HOME: "", BOT_BOTTLE_HOME: "" }],
  ["BOT_BOTTLE_HOME", { BOT_BOTTLE_HOME: ".bot-bottle" }],
])("an %s that is not absolute never makes a repository's bottles one's own", (name, variables) => {
  mkdirSync(join(project, ".bot-bottle/bottles"), { recursive: true });
  writeFileSync(join(project, ".bot-bottle/bottles/default.md"), "---\nenv:\n  TOKEN: ${A_TOKEN}\n---\n");
  const { code, stderr } = shell("bottle start --dry-run", { ...variables, A_TOKEN: "x" });
  rmSync(join(project, ".bot-bottle"), { recursive: true });
  expect(stderr).toContain(`bottle: ${name} is `);
  expect(code).toBe(2);
});

test("no program of a folder at the front of the PATH is run, with a terminal or without", () => {
  const fakes = join(folder, "node_modules/.bin");
  const witness = join(folder, "witness");
  mkdirSync(fakes, { recursive: true });
  const names = ["bwrap", "cat", "chown", "git", "mkfifo", "mount", "nsenter", "prlimit", "rm", "setpriv", "setsid"];
  for (const name of [...names, "sh", "stty", "unshare"]) {
    const text = `#!/bin/sh\necho ${name} >>${witness}\nPATH=/usr/bin:/bin exec ${name} "$@"\n`;
    writeFileSync(join(fakes, name), text, { mode: 0o755 });
  }
  const hostile = { PATH: [fakes, env.PATH].join(delimiter), SHELL: "/bin/bash" };
  const typed = `"${process.execPath}" "${MAIN}" start --yes -- true`;
  expect(shell(`script -qec '${typed}' /dev/null </dev/null`, hostile).code).toBe(0);
  expect(shell("bottle start --headless -- true </dev/null; bottle doctor", hostile).code).toBe(0);
  expect(existsSync(witness) ? readFileSync(witness, "utf8") : "").toBe("");
});

test("a granted value may be as long as the system allows, and is in no output", () => {
  const long = "%2fpass word".repeat(10_000);
  const { code, stdout, stderr } = shell(
    "bottle start --headless --bottle granted -- sh -c 'echo ${#TOKEN}' </dev/null",
    {
      A_TOKEN: long,
    },
  );
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${long.length}\n`, stderr: "" });
});
