import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { claude as claudeProvider } from "../../src/providers/claude.ts";
import { listen } from "../socket/egress/harness.ts";
import { AGENTS, type AgentWorld, openAgentWorld, type RealAgent } from "./agent-world.ts";
import { callers, findProcesses, until } from "./cli.ts";

const [claude, codex] = AGENTS as readonly [RealAgent, RealAgent];
const START = ["start", "worker", "--headless", "--prompt"];

let scope: Scope;
let world: AgentWorld;

beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

/** npm's registry as far as `npm pack` looks, with one version of whatever is asked for and a tarball that never ends. */
async function openEndlessRegistry(): Promise<{ readonly url: string; tarballs(): number }> {
  let tarballs = 0;
  const version = claudeProvider.pinned?.version ?? "";
  const port = await listen(
    createServer((request, response) => {
      if (request.url?.endsWith(".tgz")) {
        tarballs += 1;
        return response.write("the first bytes, and no more");
      }
      const name = decodeURIComponent(request.url?.slice(1) ?? "");
      const versions = { [version]: { name, version, dist: { tarball: `http://127.0.0.1:${port}/agent.tgz` } } };
      return response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
    }),
    scope,
  );
  return { url: `http://127.0.0.1:${port}/`, tarballs: () => tarballs };
}

test.each(callers)(
  "as $who: a fetch that is interrupted leaves nothing half-made; who waits for it does not fetch too",
  async (caller) => {
    world = await openAgentWorld(claude, caller, scope);
    const { machine } = world;
    const programs = join(machine.cache, "bot-bottle/programs");
    rmSync(programs, { recursive: true });
    const registry = await openEndlessRegistry();
    const env = { ...world.env, npm_config_registry: registry.url };
    const first = machine.start([...START, "never asked"], { env });
    await until(() => registry.tarballs() > 0, 20_000);
    const second = machine.start([...START, "never asked"], { env });
    await new Promise((settle) => second.child.stderr?.once("data", settle)); // it has seen that there is nothing yet
    second.child.kill("SIGINT");
    expect((await second.ended).code).toBe(130);
    first.child.kill("SIGINT");
    const ran = await first.ended;
    expect(ran.code).toBe(130);
    expect(ran.stderr).toContain("fetching Claude Code");
    expect(registry.tarballs()).toBe(1);
    await until(() => findProcesses((pid) => readFileSync(`/proc/${pid}/environ`).includes(registry.url)).length === 0); // npm
    expect(readdirSync(programs)).toEqual([]);
    expect(await machine.leftovers()).toEqual(["cache programs"]);
    expect(world.stub.seen).toEqual([]);
  },
);

describe.each(callers)("as $who: a provider of the operator's own", (caller) => {
  const PROVIDER = `---
title: Asker
command: [sh, -c, "cat >/dev/null"]
headless: [sh, -c, 'curl -sS -H "Authorization: Bearer $ASKER_KEY" -d @- https://api.openai.com/v1/responses; echo; echo key=$ASKER_KEY mode=$ASKER_MODE; cat ~/.asker']
env: {ASKER_MODE: quiet}
hosts: [api.openai.com]
credential: {variable: ASKER_KEY, scheme: Bearer, placeholder: no-key-at-all}
files: {.asker: "seeded"}
---
`;

  beforeEach(async () => {
    world = await openAgentWorld(codex, caller, scope);
    world.machine.bottle("default", `agent_provider: {template: asker, auth_token: ${codex.variable}}`);
  });

  test("runs as its file says, with the credential added outside", async () => {
    const { machine, stub, env } = world;
    machine.write({ "home/.bot-bottle/providers/asker.md": PROVIDER });
    stub.play([{ kind: "say", text: "answered by the script" }]);
    const task = JSON.stringify({ input: [{ role: "user", content: "a task for asker" }] });
    const ran = await machine.run([...START, task], { env });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain("answered by the script");
    expect(ran.stdout).toContain("key=no-key-at-all mode=quiet\nseeded");
    expect(stub.asked).toHaveLength(1);
    expect(stub.asked[0]?.headers["authorization"]).toBe(codex.sent.value);
  });

  test("is not taken from a repository", async () => {
    const { machine, stub, env } = world;
    machine.git(machine.project, "init", "-q");
    machine.write({ "home/project/.bot-bottle/providers/asker.md": PROVIDER });
    const ran = await machine.run([...START, "x"], { env });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/asker/);
    expect(stub.seen).toEqual([]);
  });
});
