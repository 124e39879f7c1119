import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseGitleaksReport, runGitleaks } from "./gitleaks.ts";

/** As version 8.21 prints it, with a secret put together here. */
const SECRET = ["gh", "p_", "aB3dE5fG7hJ9kLmN2pQr4StU6vWx8yZ0QwEr"].join("");
const REPORT = `[
 {
  "RuleID": "github-pat",
  "Description": "Uncovered a GitHub Personal Access Token, potentially leading to unauthorized repository access and sensitive content exposure.",
  "StartLine": 3,
  "EndLine": 3,
  "StartColumn": 12,
  "EndColumn": 51,
  "Match": "${SECRET}",
  "Secret": "${SECRET}",
  "File": "src/config.ts",
  "SymlinkFile": "",
  "Commit": "4be1c0ffee12345678901234567890123456abcd",
  "Entropy": 4.8434243,
  "Author": "Ada",
  "Email": "ada@example.test",
  "Date": "2024-11-05T10:11:12Z",
  "Message": "config",
  "Tags": [],
  "Fingerprint": "4be1c0ffee12345678901234567890123456abcd:src/config.ts:github-pat:3"
 }
]
`;

describe("its report", () => {
  test("of nothing, and of a secret", () => {
    expect(parseGitleaksReport("[]\n")).toEqual({ kind: "leaks", leaks: [] });
    const commit = "4be1c0ffee12345678901234567890123456abcd";
    const leak = { rule: "github-pat", secret: SECRET, path: "src/config.ts", commit, line: 3 };
    expect(parseGitleaksReport(REPORT)).toEqual({ kind: "leaks", leaks: [leak] });
  });

  test.each([
    ["", "its report is not JSON"],
    [REPORT.slice(0, -10), "its report is not JSON"],
    ["{}", "its report is not a list"],
    ["[1]", "its report has a row that is not understood"],
    [REPORT.replace('"Secret"', '"Sekret"'), "its report has a row that is not understood"],
    [REPORT.replace('"StartLine": 3', '"StartLine": "3"'), "its report has a row that is not understood"],
  ])("that is anything else passes nothing: %#", (text, why) => {
    expect(parseGitleaksReport(text)).toEqual({ kind: "failed", why });
    expect(why).not.toContain(SECRET);
  });
});

describe("the program", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bottle-gitleaks-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Stands for gitleaks: writes down how it was called, then does what a test says. */
  const call = (script: string, signal = new AbortController().signal) => {
    const program = join(folder, "gitleaks");
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >${folder}/argv; env >${folder}/env\n${script}\n`);
    chmodSync(program, 0o755);
    const env = { GIT_OBJECT_DIRECTORY: "/quarantine" };
    return runGitleaks({ program, tips: ["1111", "2222"], folder, env, signal });
  };

  test("is asked for exactly what is new, with nobody's settings, and its report is read", async () => {
    writeFileSync(join(folder, "report.json"), REPORT);
    expect(await call(`cat ${folder}/report.json`)).toMatchObject({ kind: "leaks", leaks: [{ secret: SECRET }] });
    const argv = readFileSync(join(folder, "argv"), "utf8").trim().split("\n");
    expect(argv[0]).toBe("git");
    expect(argv[argv.indexOf("--log-opts") + 1]).toBe("1111 2222 --not --all");
    expect(argv).toEqual(expect.arrayContaining(["--ignore-gitleaks-allow", "--exit-code", "/dev/stdout"]));
    expect(argv.at(-1)).toBe(folder);
    const env = readFileSync(join(folder, "env"), "utf8");
    expect(env).toContain("GIT_OBJECT_DIRECTORY=/quarantine");
    expect(env).toContain("HOME=/nonexistent");
    expect(env).not.toMatch(/GITLEAKS|VITEST/);
  });

  test.each([
    ["ends badly", "echo no such flag >&2; exit 126", "no such flag"],
    ["ends badly without a word", "exit 3", "it ended with 3"],
    ["is killed", "kill -9 $$", "it was ended by SIGKILL"],
    ["prints something else", "echo hello", "its report is not JSON"],
    ["prints nothing", "true", "its report is not JSON"],
  ])("that %s passes nothing", async (_, script, why) => {
    expect(await call(script)).toEqual({ kind: "failed", why });
  });

  test("that is not there passes nothing", async () => {
    const { signal } = new AbortController();
    const result = await runGitleaks({ program: join(folder, "none"), tips: [], folder, env: {}, signal });
    expect(result).toMatchObject({ kind: "failed", why: expect.stringContaining("not installed") });
  });
});
