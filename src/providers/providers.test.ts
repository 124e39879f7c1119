import { describe, expect, test } from "vitest";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { findForm } from "./credential-form.ts";
import { PROVIDERS } from "./find-provider.ts";
import { mergeSettings } from "./merge-settings.ts";
import { findBuild } from "./pinned-program.ts";
import { makePlugin } from "./plugin.ts";
import { renderToml } from "./render-toml.ts";

const SEED = { workspace: "/home/node/workspace", instructions: "", placeholder: "x".repeat(10), settings: {} };
const START = { interactive: false, flags: [], prompt: undefined, hasInstructions: false };
const textOf = (files: readonly { path: string; content: string | Uint8Array }[], path: string) =>
  String(files.find((file) => file.path === path)?.content ?? "");

describe("Claude Code", () => {
  test("is started without prompts of its own, and reads its task when there is no terminal", () => {
    expect(claude.argv(START)).toEqual(["claude", "--dangerously-skip-permissions", "--print"]);
    expect(claude.argv({ ...START, interactive: true, flags: ["--model", "opus"], prompt: "-x" })).toEqual([
      ...["claude", "--dangerously-skip-permissions", "--model", "opus", "--", "-x"],
    ]);
    expect(claude.argv({ ...START, hasInstructions: true })).toContain("--append-system-prompt-file");
  });

  test("its first questions are answered, and it knows its placeholder", () => {
    const [form] = claude.forms;
    const files = claude.files({ ...SEED, placeholder: form?.placeholder ?? "" });
    const state: unknown = JSON.parse(textOf(files, ".claude.json"));
    expect(state).toMatchObject({
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: [form?.placeholder.slice(-20)] },
      projects: { "/home/node/workspace": { hasTrustDialogAccepted: true } },
    });
  });

  test("the operator's settings win, key by key", () => {
    const files = claude.files({ ...SEED, settings: { permissions: { deny: ["WebFetch"] }, model: "opus" } });
    expect(JSON.parse(textOf(files, ".claude/settings.json"))).toMatchObject({
      model: "opus",
      permissions: { defaultMode: "bypassPermissions", deny: ["WebFetch"] },
    });
  });

  test.each([
    ["sk-ant-oat01-abc", "CLAUDE_CODE_OAUTH_TOKEN", { scheme: "Bearer" }],
    ["sk-ant-api03-abc", "ANTHROPIC_API_KEY", { scheme: "header", name: "x-api-key" }],
    ["anything else", "ANTHROPIC_API_KEY", { scheme: "header", name: "x-api-key" }],
  ])("%s is sent in its own way", (value, variable, auth) => {
    expect(findForm(claude.forms, value)).toMatchObject({ variable, auth });
  });
});

describe("Codex", () => {
  test("is started without prompts of its own, and reads its task when there is no terminal", () => {
    expect(codex.argv(START).slice(0, 2)).toEqual(["codex", "exec"]);
    expect(codex.argv({ ...START, flags: ["--model", "m"] }).slice(-3)).toEqual(["--model", "m", "-"]);
    expect(codex.argv({ ...START, interactive: true, prompt: "do" }).slice(-2)).toEqual(["--", "do"]);
  });

  test("its settings trust the workspace, and instructions are where it reads them", () => {
    const files = codex.files({
      ...SEED,
      instructions: "Be kind.",
      settings: { model: "m", analytics: { enabled: true } },
    });
    const toml = textOf(files, ".codex/config.toml");
    expect(toml).toContain('[projects."/home/node/workspace"]\ntrust_level = "trusted"\n');
    expect(toml).toContain('model = "m"\n');
    expect(toml).toContain("[analytics]\nenabled = true\n");
    expect(textOf(files, ".codex/AGENTS.md")).toBe("Be kind.\n");
  });
});

test.each(PROVIDERS.map((provider) => [provider.name, provider] as const))("%s is whole", (_name, provider) => {
  for (const platform of ["linux-x64", "linux-arm64", "linux-x64-musl"]) {
    const build = provider.pinned && findBuild(provider.pinned, platform);
    expect(build?.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    expect(build?.package).toContain(provider.pinned?.version);
    expect(Object.values(build?.files ?? {})).toContain(`bin/${provider.program}`);
  }
  expect(provider.probe?.host).toBe(provider.hosts[0]);
  expect(provider.forms.at(-1)?.prefix).toBe("");
  expect(provider.paths).not.toEqual([]);
  for (const path of provider.paths) expect(path).toMatch(/^(\/[a-z0-9_]+){2,}$/); // never a whole service
  expect(provider.paths.some((path) => provider.probe?.path.startsWith(path))).toBe(true);
  expect(findBuild(provider.pinned ?? expect.fail(), "win32-x64")).toBeUndefined();
});

describe("a provider of the operator's own", () => {
  const definition = {
    ...{ name: "aider", file: "aider.md", title: "Aider", program: undefined, command: ["aider", "--yes"] },
    ...{ takesPrompt: true, headless: ["aider", "--message-file", "/dev/stdin"], env: { A: "b" } },
    hosts: ["api.example.com"],
    credential: { variable: "KEY", placeholder: "p", auth: { scheme: "Bearer" } },
    ...{ files: { ".aider.conf.yml": "x: y\n" }, instructions: ".aider/prompt.md", skills: undefined },
  } as const;

  test("is what its file says", () => {
    const plugin = makePlugin(definition);
    expect(plugin.argv({ ...START, interactive: true, flags: ["-v"], prompt: "do" })).toEqual([
      "aider",
      "--yes",
      "-v",
      "do",
    ]);
    expect(plugin.argv(START)).toEqual(["aider", "--message-file", "/dev/stdin"]);
    expect(findForm(plugin.forms, "any")).toMatchObject({ variable: "KEY", placeholder: "p" });
    expect(plugin.files({ ...SEED, instructions: "Be kind." }).map(({ path }) => path)).toEqual([
      ...[".aider.conf.yml", ".aider/prompt.md"],
    ]);
    expect(plugin.files(SEED)).toHaveLength(1);
  });

  test("needs neither a credential nor a headless form", () => {
    const plugin = makePlugin({ ...definition, credential: undefined, headless: undefined, takesPrompt: false });
    expect(plugin.forms).toEqual([]);
    expect(plugin.argv({ ...START, prompt: "ignored" })).toEqual(["aider", "--yes"]);
  });
});

test("settings are merged without reaching into prototypes", () => {
  const theirs: Record<string, unknown> = JSON.parse('{"__proto__": {"polluted": true}, "a": {"b": 1}, "list": [1]}');
  const merged = mergeSettings({ a: { c: 2 }, list: [2], constructor: 1 }, theirs);
  expect(Object.hasOwn(merged, "__proto__")).toBe(true);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
  expect(merged).toMatchObject({ a: { b: 1, c: 2 }, list: [1] });
});

test("TOML has a form for everything that settings can be", () => {
  const settings = {
    a: 'q"\\\n\u007f',
    b: [1, true, "x"],
    c: { "d.e": { f: null, g: [{ h: 1 }] } },
    i: {},
    j: Infinity,
  };
  expect(renderToml(settings)).toBe(
    `a = "q\\"\\\\\\n\\u007f"\nb = [1, true, "x"]\nj = inf\n[c."d.e"]\ng = [{h = 1}]\n[i]\n`,
  );
});
