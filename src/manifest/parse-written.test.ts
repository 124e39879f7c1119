import { describe, expect, test } from "vitest";
import { parseWritten } from "./parse-written.ts";
import { type ManifestKind, makeJsonSchema } from "./schema.ts";
import { parseYamlSource } from "./yaml-source.ts";

async function problems(kind: ManifestKind, yaml: string): Promise<readonly string[]> {
  const parsed = await parseWritten(kind, parseYamlSource("f.md", yaml, 2), makeJsonSchema(kind));
  if (parsed.kind === "written") return [];
  return parsed.problems.map(
    ({ line, column, code, message, hint }) =>
      `${line}:${column} ${code} ${message}${hint === undefined ? "" : ` (${hint})`}`,
  );
}

describe("a file of the wrong shape", () => {
  test.each([
    ["egres: {}\n", '2:1 manifest/unknown-key unknown key "egres" (did you mean "egress"?)'],
    [
      "workspace:\n  kubernetes: 1\n",
      '3:3 manifest/unknown-key unknown key "kubernetes" in "workspace" (keys here: mode, exclude, include)',
    ],
    [
      "egress:\n  routes:\n    - host: a.example\n      prots: [1]\n",
      '5:7 manifest/unknown-key unknown key "prots" in "egress.routes[0]" (did you mean "ports"?)',
    ],
    [
      "git-gate:\n  repos:\n    app: {url: x, hostkey: y}\n",
      '4:19 manifest/unknown-key unknown key "hostkey" in "git-gate.repos.app" (did you mean "host_key"?)',
    ],
    [
      "backend: dokcer\n",
      '2:10 manifest/bad-value "backend" is one of "local", "docker", "smolmachines", not "dokcer" (did you mean "docker"?)',
    ],
    [
      "workspace: {mode: clone}\n",
      '2:19 manifest/bad-value "workspace.mode" is one of "copy", "mount", "none", not "clone"',
    ],
    ["env:\n  PORT: 8080\n", '3:9 manifest/bad-type "env.PORT" takes text, not a number (put it in quotes)'],
    ["env:\n  A: true\n", '3:6 manifest/bad-type "env.A" takes text, not true or false (put it in quotes)'],
    ["env: []\n", '2:6 manifest/bad-type "env" takes a map of keys, not a list'],
    [
      "egress:\n",
      '2:1 manifest/bad-type "egress" takes a map of keys, not nothing (give it a value, or remove the key)',
    ],
    ["- a\n", "2:1 manifest/bad-type the manifest takes a map of keys, not a list"],
    ["just text\n", "2:1 manifest/bad-type the manifest takes a map of keys, not text"],
    [
      "egress: {routes: [{ports: [443]}]}\n",
      '2:19 manifest/missing-key "egress.routes[0].host" is missing (add the key "host")',
    ],
    [
      "egress: {routes: [{host: a, ports: [443, 70000]}]}\n",
      '2:42 manifest/bad-value "egress.routes[0].ports[1]" must be at most 65535',
    ],
    [
      "egress: {routes: [{host: a, ports: []}]}\n",
      '2:36 manifest/bad-value "egress.routes[0].ports" must not be empty',
    ],
    [
      "agent_provider:\n  auth_token: 7\n",
      '3:15 manifest/bad-type "agent_provider.auth_token" takes text or a map of keys, not a number (put it in quotes)',
    ],
    [
      "agent_provider: {auth_token: {comand: [a]}}\n",
      '2:31 manifest/unknown-key unknown key "comand" in "agent_provider.auth_token" (did you mean "command"?)',
    ],
    ["agent_provider: {command: bash}\n", /^2:27 .* takes a list, not text \(write it as a list/],
    [
      "resources: {memory: 2gb}\n",
      '2:21 manifest/bad-value "resources.memory": a size is a whole number and a unit: 512m, 2g',
    ],
    ["resources: {pids: 1.5}\n", '2:19 manifest/bad-type "resources.pids" takes a whole number, not a fraction'],
    ["resources: {pids: 0}\n", '2:19 manifest/bad-value "resources.pids" must be at least 1'],
    ["extends: ../evil\n", /^2:10 manifest\/bad-value "extends": a name begins/],
    ["supervise: yes\n", '2:12 manifest/bad-type "supervise" takes true or false, not text'],
  ])("%j", async (yaml, expected) => {
    const [first, ...others] = await problems("bottle", yaml);
    expect(first).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
    expect(others).toEqual([]);
  });

  test("everything that is wrong is told at once", async () => {
    expect(await problems("bottle", "x: 1\nenv: {A: 1}\nworkspace: {mode: q, z: 1}\n")).toHaveLength(4);
  });

  test("a word from the file cannot steer the terminal, and a secret in the wrong place is cut short", async () => {
    const [message] = await problems("bottle", `"\\e[2J\\u202E": 1\nbackend: "${"s".repeat(200)}"\n`);
    expect(message).not.toMatch(/[\x1b\u202e]/);
    expect((await problems("bottle", `backend: "${"s".repeat(200)}"\n`))[0]).toContain(`"${"s".repeat(60)}…"`);
  });
});

describe("an agent", () => {
  test("keys of Claude Code are accepted with any value", async () => {
    const yaml = "name: reviewer\ndescription: Reviews\nmodel: opus\ncolor: red\nmemory: user\ntools: Read, Grep\n";
    expect(await problems("agent", yaml)).toEqual([]);
  });

  test("what only a bottle may grant is an unknown key", async () => {
    expect(await problems("agent", "egress: {}\nenv: {}\ngit-gate: {repos: {}}\n")).toEqual([
      expect.stringContaining('4:12 manifest/unknown-key unknown key "repos" in "git-gate"'),
      expect.stringContaining('2:1 manifest/unknown-key unknown key "egress"'),
      expect.stringContaining('3:1 manifest/unknown-key unknown key "env"'),
    ]);
  });
});
