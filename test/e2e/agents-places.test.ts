import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { AGENTS, type AgentWorld, openAgentWorld, type RealAgent } from "./agent-world.ts";
import { callers, type Ran, snapshot, until } from "./cli.ts";

// Where people start agents, and how: the real Claude Code in a bottle of each kind of folder.

const [claude, codex] = AGENTS as readonly [RealAgent, RealAgent];

let scope: Scope;
let world: AgentWorld;

beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const START = ["start", "worker", "--headless", "--prompt"];

const workspaceOf = ({ stderr }: Ran) =>
  stderr.split("\n").find((line) => line.startsWith(world.machine.state) && line.endsWith("/workspace")) ?? "";
const resultsOf = (task: string) =>
  world.stub.asked.filter(({ body }) => body.includes(task)).flatMap(({ results }) => results);

describe.each(callers)("started by $who", (caller) => {
  beforeEach(async () => {
    world = await openAgentWorld(claude, caller, scope);
  });

  test("two at once in one repository: neither disturbs the other or the repository", async () => {
    const { machine, stub, env } = world;
    const { project } = machine;
    machine.git(project, "init", "-q");
    machine.git(project, "add", "-A");
    machine.git(project, "commit", "-qm", "first");
    const before = snapshot(project);
    const work = (name: string) =>
      `echo ${name} > file.txt; git add -A; git commit -qm ${name}; git log --format=%s; ls`;
    stub.play(
      [
        { kind: "run", command: work("alpha") },
        { kind: "slow", text: "alpha is done", pauseMs: 300 },
      ],
      "task alpha",
    );
    stub.play(
      [
        { kind: "run", command: work("beta") },
        { kind: "slow", text: "beta is done", pauseMs: 300 },
      ],
      "task beta",
    );
    const start = (name: string, color: string) =>
      machine.start([...START, `task ${name}`, "--label", name, "--color", color], { env });
    const [one, two] = [start("alpha", "green"), start("beta", "blue")];
    await until(async () => /alpha[\s\S]*beta|beta[\s\S]*alpha/.test((await machine.run(["list"])).stdout), 20_000);
    const [alpha, beta] = await Promise.all([one.ended, two.ended]);
    expect([alpha.code, beta.code], alpha.stderr + beta.stderr).toEqual([0, 0]);
    for (const [ran, name] of [
      [alpha, "alpha"],
      [beta, "beta"],
    ] as const) {
      expect(ran.stdout).toContain(`${name} is done`);
      expect(readFileSync(join(workspaceOf(ran), "file.txt"), "utf8")).toBe(`${name}\n`);
      expect(resultsOf(`task ${name}`).join()).toContain(`${name}\nfirst`);
    }
    expect(workspaceOf(alpha)).not.toBe(workspaceOf(beta));
    expect(snapshot(project)).toEqual(before);
    const taken = machine.start([...START, "task gamma", "--label", "alpha"], { env });
    expect((await taken.ended).code).toBe(0); // the label is free again
  });

  test("a worktree becomes a repository of its own, with its branch", async () => {
    const { machine, stub, env } = world;
    machine.git(machine.project, "init", "-q");
    machine.git(machine.project, "add", "-A");
    machine.git(machine.project, "commit", "-qm", "first");
    machine.git(machine.project, "worktree", "add", "-q", "-b", "side", "../side");
    stub.play([
      {
        kind: "run",
        command:
          "git branch --show-current; git status --short; echo done > new.txt; git add -A; git commit -qm second; git log --oneline | wc -l",
      },
      { kind: "say", text: "committed" },
    ]);
    const ran = await machine.run([...START, "commit it"], { env, cwd: join(machine.home, "side") });
    expect(ran.code, ran.stderr).toBe(0);
    expect(resultsOf("commit it")[0]).toBe("side\n2");
    expect(machine.sh("git -C ~/side log --oneline | wc -l; git -C ~/side status --short")).toBe("1\n");
  });

  test("a folder that is no repository, with files of credentials beside it and in it", async () => {
    const { machine, stub, env } = world;
    const secret = "only-for-my-eyes-73";
    machine.write({
      "home/.aws/credentials": secret,
      "home/.ssh/id_ed25519": secret,
      "home/.claude/.credentials.json": secret,
      "home/.claude.json": secret,
      "home/.codex/auth.json": secret,
      "home/project/.env": secret,
      "home/project/deploy.pem": secret,
      "home/project/.claude/settings.local.json": "{}",
    });
    const search =
      "grep -rlsI only-for-my-eyes / --include='*' --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr --exclude-dir=.claude; ls -A ~ ~/workspace; echo searched";
    stub.play([
      { kind: "run", command: search },
      { kind: "say", text: "nothing here" },
    ]);
    const ran = await machine.run([...START, "search it"], { env });
    expect(ran.code, ran.stderr).toBe(0);
    const found = resultsOf("search it").join("\n");
    expect(found).toContain("searched");
    expect(found).toContain("file.txt");
    expect(found).not.toMatch(/\.env|deploy\.pem|\.ssh|\.codex/); // `.aws` is there: it holds the bottle's canary
    expect(JSON.stringify(stub.asked)).not.toContain(secret);
  });

  test("a repository of 20,000 files", async () => {
    const { machine, stub, env } = world;
    for (let folder = 0; folder < 100; folder++) {
      const path = join(machine.project, `folder-${folder}`);
      mkdirSync(path);
      for (let file = 0; file < 200; file++) writeFileSync(join(path, `file-${file}.txt`), `${folder}/${file}\n`);
    }
    machine.own(machine.project, ...readdirSync(machine.project).map((name) => join(machine.project, name)));
    machine.git(machine.project, "init", "-q");
    machine.git(machine.project, "add", "-A");
    machine.git(machine.project, "commit", "-qm", "many");
    stub.play([
      {
        kind: "run",
        command: "git ls-files | wc -l; git status --short | wc -l; echo x > folder-7/file-7.txt; git status --short",
      },
      { kind: "say", text: "counted" },
    ]);
    const ran = await machine.run([...START, "count them"], { env });
    expect(ran.code, ran.stderr).toBe(0);
    expect(resultsOf("count them")[0]).toBe("20001\n0\n M folder-7/file-7.txt");
    expect(ran.stderr).toContain("1 changed, 0 added, 0 removed");
  }, 120_000);
});

test("a token of a subscription goes as Bearer with its beta header, and inside stands one of its shape", async () => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody");
  const token = ["sk-ant-oat01", "Real0Token1For2The3Test4Only5"].join("-");
  const agent: RealAgent = { ...claude, credential: token, sent: { name: "authorization", value: `Bearer ${token}` } };
  world = await openAgentWorld(agent, caller, scope);
  world.stub.play([
    { kind: "run", command: "cat /proc/*/environ 2>&1 | tr '\\0' '\\n'" },
    { kind: "say", text: "fine" },
  ]);
  const ran = await world.machine.run([...START, "who am I"], { env: world.env });
  expect(ran.code, ran.stderr).toBe(0);
  expect(world.stub.asked.length).toBeGreaterThan(1);
  for (const { headers } of world.stub.asked) {
    expect(headers["anthropic-beta"]).toContain("oauth-2025-04-20");
    expect(headers).not.toHaveProperty("x-api-key");
  }
  expect(resultsOf("who am I").join()).toMatch(/^CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-placeholder/m);
});

test.each([claude, codex])("$name gets the skills of its agent where it looks for them", async (agent) => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody");
  world = await openAgentWorld(agent, caller, scope);
  world.machine.write({
    "home/.bot-bottle/agents/worker.md": "---\nbottle: default\nskills: [counting]\n---\nWork.\n",
    "home/.bot-bottle/skills/counting/SKILL.md":
      "---\nname: counting\ndescription: How sheep are counted here\n---\nOne by one.\n",
    "home/.bot-bottle/skills/counting/count.sh": "echo one\n",
    "home/.bot-bottle/skills/other/SKILL.md": "---\nname: other\ndescription: Not for this one\n---\n",
  });
  world.stub.play([
    { kind: "run", command: "ls ~/.*/skills ~/.*/skills/counting" },
    { kind: "say", text: "seen" },
  ]);
  const ran = await world.machine.run([...START, "what can you do"], { env: world.env });
  expect(ran.code, ran.stderr).toBe(0);
  const asked = world.stub.asked.find(({ body }) => body.includes("what can you do"));
  expect(asked?.body).toContain("How sheep are counted here");
  expect(resultsOf("what can you do").join()).toContain("count.sh");
  expect(resultsOf("what can you do").join()).not.toContain("other");
});
