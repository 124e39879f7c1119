import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makePaths } from "../base/paths.ts";
import { findUnbuilt } from "./features.ts";
import { listManifests } from "./list-manifests.ts";
import { type LoadedManifest, loadManifest } from "./load-manifest.ts";
import type { Problem } from "./problem.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "manifest-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const head = (yaml: string, body = "") => `---\n${yaml}---\n${body}`;
const request = (bottles: readonly string[], agent?: string) => ({
  paths: makePaths({ BOT_BOTTLE_HOME: join(root, "home") }, "/home/ada"),
  userHome: "/home/ada",
  repository: join(root, "repo"),
  agent,
  bottles,
});
const load = (bottles: readonly string[], agent?: string) => loadManifest(request(bottles, agent));
const lines = (problems: readonly Problem[]) =>
  problems.map(
    ({ severity, file, line, column, code, message }) =>
      `${severity} ${file.slice(root.length + 1)}:${line}:${column} ${code} ${message}`,
  );
function ready(loaded: LoadedManifest) {
  if (loaded.kind === "refused") throw new Error(lines(loaded.problems).join("\n"));
  return loaded;
}

describe("loadManifest", () => {
  test("fills in every default of a bottle that says nothing", async () => {
    await write({ "home/bottles/dev.md": head("") });
    const { bottle, agent, config, problems } = ready(await load(["dev"]));
    expect(problems).toEqual([]);
    expect(agent).toBeUndefined();
    expect(bottle).toEqual({
      names: ["dev"],
      files: [join(root, "home/bottles/dev.md")],
      env: [],
      provider: {
        ...{ template: "shell", dockerfile: undefined, authToken: undefined, program: "pinned", command: undefined },
        settings: {},
      },
      gitGate: { user: { name: undefined, email: undefined }, repos: [] },
      egress: {
        log: "requests",
        routes: [],
        limits: {
          connections: 256,
          headTimeoutMs: 10_000,
          idleTimeoutMs: 600_000,
          maxHeadBytes: 65_536,
          maxBodyBytes: undefined,
          holdTimeoutMs: 300_000,
        },
      },
      supervise: true,
      resources: { cpus: undefined, memoryBytes: undefined, pids: 512, diskBytes: undefined, timeMs: undefined },
      workspace: { mode: "copy", exclude: [], include: [] },
      backend: undefined,
      written: [],
    });
    expect(config).toEqual({
      backend: undefined,
      registryImage: expect.stringMatching(/registry:2\.8\.3@sha256:[0-9a-f]{64}$/),
      extraCa: undefined,
      upstreamProxy: undefined,
      resolve: [],
      tools: [],
    });
  });

  test("resolves everything that can be written", async () => {
    await write({
      "home/config.yaml": "backend: local\nextra_ca: ~/ca.pem\ntools: [/opt/node/]\nresolve: {A.test: '[::1]:443'}\n",
      "home/bottles/dev.md": head(`
env: {A: text, B: "\${HOST_B}", C: "?Say C"}
agent_provider: {template: claude, auth_token: "file:~/token", command: [claude, -p], dockerfile: ~/Dockerfile}
git-gate:
  user: {name: Ada}
  repos:
    app: {url: "git@h.example:p", key: ~/.ssh/id, refs: {branches: [agent/*]}}
egress:
  routes:
    - host: API.Example.com
      auth: {scheme: header, name: X-Api-Key, token_ref: {command: [op, read]}}
      matches: [{paths: [{type: prefix, value: /v1}], headers: [{name: Accept}]}]
    - host: other.example
supervise: false
resources: {cpus: 1.5, memory: 2g, pids: 64, disk: 10g, time: 2h}
workspace: {mode: none}
backend: docker
`),
    });
    const { bottle, config } = ready(await load(["dev"]));
    expect(bottle.env).toEqual([
      { kind: "literal", name: "A", value: "text" },
      { kind: "host", name: "B", variable: "HOST_B" },
      { kind: "prompt", name: "C", question: "Say C" },
    ]);
    expect(bottle.provider).toMatchObject({
      authToken: { kind: "file", path: "/home/ada/token" },
      dockerfile: "/home/ada/Dockerfile",
      command: ["claude", "-p"],
    });
    expect(bottle.gitGate.repos).toEqual([
      {
        name: "app",
        url: "git@h.example:p",
        key: "/home/ada/.ssh/id",
        hostKey: undefined,
        tokenRef: undefined,
        refs: { branches: ["agent/*"], tags: [], force: false, delete: false },
        runFiles: "report",
      },
    ]);
    expect(bottle.egress.routes).toMatchObject([
      {
        host: "api.example.com",
        ports: [443],
        auth: { scheme: "header", name: "x-api-key", tokenRef: { kind: "command", argv: ["op", "read"] } },
        inboundCredentials: "strip",
        matches: [
          { paths: [{ type: "prefix", value: "/v1" }], methods: [], headers: [{ name: "accept", value: undefined }] },
        ],
        at: { file: join(root, "home/bottles/dev.md"), line: 11 },
      },
      { host: "other.example", inboundCredentials: "refuse", at: { line: 14 } },
    ]);
    expect(bottle.resources).toEqual({
      cpus: 1.5,
      memoryBytes: 2 * 1024 ** 3,
      pids: 64,
      diskBytes: 10 * 1024 ** 3,
      timeMs: 7_200_000,
    });
    expect(bottle).toMatchObject({ supervise: false, backend: "docker", workspace: { mode: "none" } });
    expect(config).toMatchObject({
      backend: "local",
      extraCa: "/home/ada/ca.pem",
      tools: ["/opt/node"],
      resolve: [{ name: "a.test", address: "::1", port: 443 }],
    });
  });

  test("merges parents first, then from left to right, and keeps the place of each key", async () => {
    await write({
      "home/bottles/base.md": head("env: {A: base, B: base}\nworkspace: {mode: none}\n"),
      "home/bottles/dev.md": head("extends: base\nenv: {B: dev, C: dev}\n"),
      "home/bottles/gpu.md": head("extends: base\nenv: {C: gpu}\n"),
    });
    const { bottle } = ready(await load(["dev", "gpu"]));
    expect(bottle.names).toEqual(["dev", "gpu"]);
    expect(bottle.files.map((file) => file.slice(root.length + 14))).toEqual(["base.md", "dev.md", "gpu.md"]);
    expect(Object.fromEntries(bottle.env.map((entry) => [entry.name, entry]))).toMatchObject({
      A: { value: "base" },
      B: { value: "dev" },
      C: { value: "gpu" },
    });
    const places = Object.fromEntries(
      bottle.written.map((key) => [key.path, `${key.file.slice(root.length + 14)}:${key.line}`]),
    );
    expect(places).toEqual({
      env: "gpu.md:3",
      "env.A": "base.md:2",
      "env.B": "dev.md:3",
      "env.C": "gpu.md:3",
      workspace: "base.md:3",
      "workspace.mode": "base.md:3",
    });
  });

  test("an agent names its bottles, and --bottle replaces them", async () => {
    await write({
      "home/bottles/dev.md": head(""),
      "home/bottles/other.md": head(""),
      "home/agents/reviewer.md": head(
        "bottle: dev\nskills: [review]\ngit-gate: {user: {email: r@x}}\nmodel: opus\n",
        "\r\nYou review.\r\nBe kind.\n\n",
      ),
    });
    const { bottle, agent } = ready(await load([], "reviewer"));
    expect(bottle.names).toEqual(["dev"]);
    expect(agent).toMatchObject({
      name: "reviewer",
      origin: "home",
      bottles: ["dev"],
      skills: ["review"],
      gitUser: { name: undefined, email: "r@x" },
      prompt: "You review.\nBe kind.",
    });
    expect(ready(await load(["other"], "reviewer")).bottle.names).toEqual(["other"]);
  });

  test("tells every problem of every file at once, in order", async () => {
    await write({
      "home/config.yaml": "tool: []\n",
      "home/agents/a.md": head("bottle: dev\nskill: []\n"),
      "home/bottles/base.md": head("env: {HOME: x}\n"),
      "home/bottles/dev.md": head(
        "extends: base\nenv: 1\nfoo: 1\negress: {routes: [{host: 'a:1'}]}\ngit-gate: {repos: {a: {}, B: {url: x}}}\n",
      ),
    });
    const loaded = await load(["dev"], "a");
    expect(loaded.kind).toBe("refused");
    expect(lines(loaded.problems)).toEqual([
      'error home/agents/a.md:3:1 manifest/unknown-key unknown key "skill"',
      'error home/bottles/base.md:2:7 manifest/bad-env "HOME" is set by the bottle itself',
      'error home/bottles/dev.md:3:6 manifest/bad-type "env" takes a map of keys, not a number',
      'error home/bottles/dev.md:4:1 manifest/unknown-key unknown key "foo"',
      'error home/bottles/dev.md:5:26 manifest/bad-host "a:1" has a port in it',
      'error home/bottles/dev.md:6:23 manifest/missing-key "git-gate.repos.a.url" is missing',
      'error home/bottles/dev.md:6:27 manifest/bad-name "B" cannot name a repository',
      "error home/bottles/dev.md:6:36 manifest/bad-url the address is not a remote's address",
      'error home/config.yaml:1:1 manifest/unknown-key unknown key "tool"',
    ]);
    expect(loaded.texts.get(join(root, "home/bottles/dev.md"))).toContain("foo: 1");
  });

  test("an agent or a machine-wide file with errors stops the start of a bottle without any", async () => {
    await write({ "home/bottles/dev.md": head(""), "home/agents/a.md": head("bottel: dev\n") });
    expect(await load(["dev"], "a")).toMatchObject({ kind: "refused", problems: [{ code: "manifest/unknown-key" }] });
    expect(await load([], "a")).toMatchObject({ kind: "refused", problems: [{ code: "manifest/unknown-key" }] });
    await write({ "home/config.yaml": "tools: [/]\n" });
    expect(await load(["dev"])).toMatchObject({ kind: "refused", problems: [{ code: "manifest/bad-path" }] });
  });

  test("a circle and a missing parent stop the start", async () => {
    await write({
      "home/bottles/a.md": head("extends: b\n"),
      "home/bottles/b.md": head("extends: a\n"),
      "home/bottles/c.md": head("extends: dd\n"),
    });
    expect(lines((await load(["b"])).problems)).toEqual([
      "error home/bottles/a.md:2:10 manifest/extends-cycle bottles extend each other: a → b → a",
    ]);
    expect(lines((await load(["c"])).problems)).toEqual([
      'error home/bottles/c.md:2:10 manifest/not-found there is no bottle "dd" to extend',
    ]);
  });

  test("names that the command line got wrong are an error with a suggestion", async () => {
    await write({ "home/bottles/dev.md": head(""), "home/agents/reviewer.md": head("") });
    await expect(load(["dve"])).rejects.toMatchObject({ code: "manifest/not-found", hint: 'did you mean "dev"?' });
    await expect(load(["../dev"])).rejects.toMatchObject({ code: "manifest/not-found" });
    await expect(load([], "revewer")).rejects.toMatchObject({ hint: 'did you mean "reviewer"?' });
    await expect(load([])).rejects.toMatchObject({ code: "input/usage", hint: 'add --bottle NAME; there are: "dev"' });
    await expect(load([], "reviewer")).rejects.toMatchObject({ code: "input/usage" });
  });

  test("without a home folder there is nothing, and it says so", async () => {
    await expect(load(["dev"])).rejects.toMatchObject({
      code: "manifest/not-found",
      hint: expect.stringContaining("bottle init"),
    });
  });

  test.each([
    ["", "manifest/no-head"],
    ["# Only prose\n", "manifest/no-head"],
    ["---\nenv: {}\n", "manifest/no-head"],
    ["---js\nprocess.exit(3)\n---\n", "manifest/no-head"],
    [new Uint8Array([0x2d, 0x2d, 0x2d, 0x0a, 0xff, 0xfe]), "manifest/unreadable"],
    [head(`env: {A: "${"x".repeat(70_000)}"}\n`), "manifest/unreadable"],
    [`---\n---\n${"x".repeat(1024 * 1024)}`, "manifest/unreadable"],
  ])("a file that is no manifest is a located problem (%#)", async (content, code) => {
    await write({ "home/bottles/dev.md": content });
    expect((await load(["dev"])).problems).toMatchObject([{ severity: "error", line: 1, column: 1, code }]);
  });

  test("a byte order mark and CRLF change no place", async () => {
    await write({ "home/bottles/dev.md": "\uFEFF---\r\nenv:\r\n  A: 1\r\n---\r\n" });
    expect((await load(["dev"])).problems).toMatchObject([{ line: 3, column: 6 }]);
  });

  test("a folder in place of a file is told, a link in the home folder is followed", async () => {
    await write({ "elsewhere/dev.md": head("") });
    await mkdir(join(root, "home/bottles/folder.md"), { recursive: true });
    await symlink(join(root, "elsewhere/dev.md"), join(root, "home/bottles/dev.md"));
    expect(ready(await load(["dev"])).bottle.names).toEqual(["dev"]);
    expect((await load(["folder"])).problems).toMatchObject([{ code: "manifest/unreadable" }]);
  });
});

describe("the trust boundary", () => {
  test("a repository's agent may name bottles of the home folder, and only those", async () => {
    await write({
      "home/bottles/dev.md": head(""),
      "repo/.bot-bottle/agents/helper.md": head("bottle: dev\n"),
      "repo/.bot-bottle/agents/thief.md": head("bottle: [dev, own]\n"),
      "repo/.bot-bottle/bottles/own.md": head("env: {A: x}\n"),
      "repo/.bot-bottle/config.yaml": "tools: [/]\n",
    });
    const helper = ready(await load([], "helper"));
    expect(helper.agent).toMatchObject({ origin: "repository", bottles: ["dev"] });
    expect(helper.config.tools).toEqual([]);
    expect(lines(helper.problems)).toEqual([
      "warning repo/.bot-bottle/bottles:1:1 manifest/ignored a repository cannot define bottles; this folder is not read",
      "warning repo/.bot-bottle/config.yaml:1:1 manifest/ignored a repository cannot change settings of this machine; this file is not read",
    ]);
    const thief = await load([], "thief");
    expect(thief.kind).toBe("refused");
    expect(lines(thief.problems)).toContain(
      'error repo/.bot-bottle/agents/thief.md:2:15 manifest/not-found there is no bottle "own" in your home folder',
    );
    await expect(load(["own"])).rejects.toMatchObject({ code: "manifest/not-found" });
  });

  test("an agent of the home folder wins over one of the same name, with a warning", async () => {
    await write({
      "home/bottles/dev.md": head(""),
      "home/agents/reviewer.md": head("bottle: dev\n", "mine"),
      "repo/.bot-bottle/agents/reviewer.md": head("bottle: dev\n", "theirs"),
    });
    const loaded = ready(await load([], "reviewer"));
    expect(loaded.agent?.prompt).toBe("mine");
    expect(loaded.problems).toMatchObject([{ severity: "warning", code: "manifest/shadowed" }]);
    expect(ready(await load(["dev"])).problems).toEqual([]);
  });

  test.each(["file", "folder", "top"])("a repository cannot lead out of itself by a link (%s)", async (what) => {
    await write({ "home/bottles/dev.md": head(""), "outside/agents/spy.md": head("bottle: dev\n", "host secret") });
    const link = { file: "agents/spy.md", folder: "agents", top: "" }[what] ?? "";
    await mkdir(dirname(join(root, "repo/.bot-bottle", link)), { recursive: true });
    await symlink(join(root, "outside", link || "."), join(root, "repo/.bot-bottle", link));
    const outcome = await load([], "spy").catch((error: unknown) => error);
    if (what === "file")
      expect(outcome).toMatchObject({ kind: "refused", problems: [{ code: "manifest/unreadable" }] });
    else expect(outcome).toMatchObject({ code: "manifest/not-found" });
    expect(JSON.stringify(outcome)).not.toContain("host secret");
  });

  test("a home folder that is itself the repository is not warned about", async () => {
    await write({ "repo/.bot-bottle/bottles/dev.md": head("") });
    const paths = makePaths({ BOT_BOTTLE_HOME: join(root, "repo/.bot-bottle") }, "/home/ada");
    expect(ready(await loadManifest({ ...request(["dev"]), paths })).problems).toEqual([]);
  });
});

describe("listManifests", () => {
  test("checks every file there is", async () => {
    await write({
      "home/config.yaml": "backend: local\n",
      "home/bottles/good.md": head(""),
      "home/bottles/bad.md": head("x: 1\n"),
      "home/bottles/child.md": head("extends: bad\n"),
      "home/bottles/README.md": "# Notes",
      "home/bottles/notes.txt": "not looked at",
      "home/agents/a.md": head("bottle: gone\n"),
      "repo/.bot-bottle/agents/b.md": head("tools: Read\n"),
    });
    const list = await listManifests(request([]));
    expect(list.bottles.map(({ entry, bottle }) => [entry.name, bottle !== undefined])).toEqual([
      ["bad", false],
      ["child", false],
      ["good", true],
    ]);
    expect(list.agents.map(({ entry, agent }) => [entry.name, entry.origin, agent !== undefined])).toEqual([
      ["a", "home", true],
      ["b", "repository", true],
    ]);
    expect(lines(list.problems)).toEqual([
      'error home/agents/a.md:2:9 manifest/not-found there is no bottle "gone" in your home folder',
      'warning home/bottles/README.md:1:1 manifest/ignored "README" cannot be a name',
      'error home/bottles/bad.md:2:1 manifest/unknown-key unknown key "x"',
    ]);
    expect(list.config?.backend).toBe("local");
  });

  test("an empty machine has nothing and no problems", async () => {
    expect(await listManifests(request([]))).toMatchObject({ bottles: [], agents: [], problems: [] });
  });
});

describe("findUnbuilt", () => {
  test("tells each written key whose feature is not there, and where it was written", async () => {
    await write({
      "home/bottles/base.md": head("supervise: true\nbackend: smolmachines\nresources: {disk: 1g, pids: 9}\n"),
      "home/bottles/dev.md": head(
        "extends: base\negress:\n  log: bodies\nagent_provider: {template: claude, auth_token: T, command: [x]}\ngit-gate: {user: {name: A}, repos: {}}\n",
      ),
      "home/agents/a.md": head("bottle: dev\nskills: [s]\n"),
    });
    const { bottle } = ready(await load([], "a"));
    expect(lines(findUnbuilt(bottle)).map((line) => line.replace(/ asks .*/, ""))).toEqual([
      'error home/bottles/base.md:2:1 manifest/not-built "supervise"',
      'error home/bottles/base.md:4:13 manifest/not-built "resources.disk"',
    ]);
  });

  test("values that ask for nothing unbuilt are fine", async () => {
    await write({
      "home/bottles/dev.md": head(
        "supervise: false\nbackend: local\nagent_provider: {template: shell, command: [bash]}\nresources: {pids: 9}\n",
      ),
    });
    expect(findUnbuilt(ready(await load(["dev"])).bottle)).toEqual([]);
  });
});
