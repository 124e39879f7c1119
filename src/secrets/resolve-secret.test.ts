import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BottleError } from "../base/errors.ts";
import { run } from "../base/process.ts";
import { resolveSecret, type SecretNeeds, type SecretSource } from "./resolve-secret.ts";

const SECRET = "hunter2-hunter2";
const needs: SecretNeeds = {
  env: { PATH: "/usr/bin:/bin", TOKEN: SECRET, EMPTY: "" },
  userHome: "/usr",
  run,
  ask: undefined,
};
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "secret-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function value(source: SecretSource, over: Partial<SecretNeeds> = {}): Promise<string> {
  const { value: secret } = await resolveSecret("auth", source, { ...needs, ...over });
  return secret.expose("test");
}

async function failure(source: SecretSource, over: Partial<SecretNeeds> = {}): Promise<BottleError> {
  try {
    await resolveSecret("auth", source, { ...needs, ...over });
  } catch (error) {
    if (error instanceof BottleError) return error;
    throw error;
  }
  throw new Error("it was resolved");
}

test("every kind of reference gives its value, without the newline at its end", async () => {
  const path = join(folder, "token");
  await writeFile(path, `${SECRET}\n`, { mode: 0o600 });
  expect(await value({ kind: "env", variable: "TOKEN" })).toBe(SECRET);
  expect(await value({ kind: "file", path })).toBe(SECRET);
  expect(await value({ kind: "command", argv: ["printf", "%s\\r\\n", SECRET] })).toBe(SECRET);
  expect(await value({ kind: "prompt", question: "token?" }, { ask: async () => SECRET })).toBe(SECRET);
});

test("what is missing is named, and nothing else", async () => {
  const cases: [SecretSource, string][] = [
    [{ kind: "env", variable: "NOT_THERE" }, "NOT_THERE"],
    [{ kind: "env", variable: "EMPTY" }, "EMPTY"],
    [{ kind: "file", path: join(folder, "nothing") }, join(folder, "nothing")],
    [{ kind: "file", path: folder }, folder],
    [{ kind: "command", argv: ["no-such-program-here"] }, "no-such-program-here"],
    [{ kind: "command", argv: ["sh", "-c", `echo ${SECRET}; echo ${SECRET} >&2; exit 3`] }, "sh"],
    [{ kind: "prompt", question: "token?" }, "token?"],
  ];
  for (const [source, name] of cases) {
    const error = await failure(source);
    expect(error.code).toBe("secret/missing");
    expect(error.message).toContain(name);
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
    expect(error.hint).toBeDefined();
  }
});

test("a command runs in the operator's home, not in the folder that is about to be copied", async () => {
  expect(await value({ kind: "command", argv: ["pwd"] })).toBe(needs.userHome);
  await writeFile(join(folder, "here"), "#!/bin/sh\necho prepared\n", { mode: 0o700 });
  const before = process.cwd();
  process.chdir(folder);
  try {
    await expect(value({ kind: "command", argv: ["./here"] })).rejects.toMatchObject({ code: "secret/missing" });
  } finally {
    process.chdir(before);
  }
});

test("no shell reads a command", async () => {
  expect(await value({ kind: "command", argv: ["printf", "%s", "$(id); `id`"] })).toBe("$(id); `id`");
});

test("a file that others may read gets a warning, with the way to mend it", async () => {
  const path = join(folder, "open");
  await writeFile(path, SECRET, { mode: 0o644 });
  const { warnings } = await resolveSecret("auth", { kind: "file", path }, needs);
  expect(warnings).toEqual([`others may read ${path}: chmod 600 ${path}`]);
});

test("something far too large is no secret", async () => {
  const path = join(folder, "large");
  await writeFile(path, "x".repeat(70_000), { mode: 0o600 });
  expect((await failure({ kind: "file", path })).message).toContain("too large");
  expect((await failure({ kind: "command", argv: ["cat", path] })).code).toBe("secret/missing");
});

test("a resolved secret prints as its name only", async () => {
  const resolved = await resolveSecret("auth", { kind: "env", variable: "TOKEN" }, needs);
  expect(
    inspect(resolved, { depth: 9, showHidden: true }) + JSON.stringify(resolved) + String(resolved.value),
  ).not.toContain(SECRET);
});
