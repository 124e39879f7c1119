import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { claude } from "../../src/providers/claude.ts";
import { codex } from "../../src/providers/codex.ts";
import { findNpm } from "../../src/providers/find-npm.ts";
import { AGENTS, type AgentWorld, openAgentWorld } from "./agent-world.ts";
import { callers } from "./cli.ts";

// `agent_provider.program: installed`: what `npm install -g` leaves on a PATH, or the path of a program file.

const PACKAGES = {
  claude: `@anthropic-ai/claude-code@${claude.pinned?.version}`,
  codex: `@openai/codex@${codex.pinned?.version}`,
};

let prefix: string;

beforeAll(async () => {
  prefix = realpathSync(mkdtempSync(join(tmpdir(), "bottle-installed-")));
  const [npm = "", ...args] = (await findNpm(process.execPath)) ?? [];
  const install = [
    "install",
    "--global",
    `--prefix=${prefix}`,
    "--ignore-scripts",
    "--engine-strict=false",
    "--no-audit",
    "--no-fund",
  ];
  execFileSync(npm, [...args, ...install, ...Object.values(PACKAGES)], {
    cwd: prefix,
    stdio: ["ignore", "ignore", "inherit"],
  });
  execFileSync("chmod", ["-R", "go+rX", prefix]);
}, 300_000);
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

describe.each(callers.flatMap((caller) => AGENTS.map((agent) => ({ caller, agent }))))(
  "$agent.name, installed by npm, started by $caller.who",
  ({ agent, caller }) => {
    let scope: Scope;
    let world: AgentWorld;

    beforeEach(async () => {
      scope = new Scope();
      world = await openAgentWorld(agent, caller, scope);
      rmSync(join(world.machine.cache, "bot-bottle/programs"), { recursive: true });
      world.stub.play([
        { kind: "run", command: "echo changed > file.txt" },
        { kind: "say", text: "I changed it." },
      ]);
    });
    afterEach(() => scope.close());

    async function turn(program: string, path: string) {
      const { machine, env } = world;
      machine.bottle(
        "default",
        `agent_provider: {template: ${agent.name}, auth_token: ${agent.variable}, program: ${program}}`,
      );
      return machine.run(["start", "worker", "--headless", "--prompt", "change it"], { env: { ...env, PATH: path } });
    }

    test("works in a bottle, and nothing is fetched", async () => {
      const ran = await turn("installed", `${join(prefix, "bin")}:${process.env["PATH"]}`);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain("I changed it.");
      expect(ran.stderr).not.toContain("fetching");
      expect(readdirSync(join(world.machine.cache, "bot-bottle"))).not.toContain("programs");
    });

    test("is missed with its name and what to write when it is not on the PATH", async () => {
      const ran = await turn("installed", "/usr/bin:/bin");
      expect(ran.code).not.toBe(0);
      expect(ran.stderr).toContain(`no ${agent.name} on your PATH that could run in a bottle`);
      expect(ran.stderr).toContain("program: pinned");
      expect(world.stub.seen).toEqual([]);
      expect(await world.machine.leftovers()).toEqual([]);
    });
  },
);
