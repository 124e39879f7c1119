import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { findBaseImage } from "../fixtures/docker-bottle.ts";
import { AGENTS, type AgentWorld, openAgentWorld } from "./agent-world.ts";
import { callers } from "./cli.ts";
import { openPane } from "./tmux-pane.ts";

// The real programs in images that are built from our Dockerfiles; only the model is a script.

const { id, why } = findBaseImage();
const caller = callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail();
const LINKS = ["sockets", "streams"];
const COMBINATIONS = AGENTS.flatMap((agent) => LINKS.map((link) => ({ agent, link })));

describe.skipIf(id === undefined)(`agents in containers${why && `: ${why}`}`, () => {
  let scope: Scope;
  let world: AgentWorld;
  beforeEach(() => {
    scope = new Scope();
  });
  afterEach(() => scope.close());

  test.each(COMBINATIONS)(
    "$agent.name works over $link, with a placeholder inside",
    async ({ agent, link }) => {
      world = await openAgentWorld(agent, caller, scope, "backend: docker\n");
      const { machine, stub } = world;
      stub.play([
        { kind: "run", command: "echo changed by the agent > file.txt; id -un; cat /proc/1/comm; env | sort" },
        { kind: "say", text: "I changed the file." },
      ]);
      const ran = await machine.run(["start", "worker", "--headless", "--prompt", "change the file"], {
        env: { ...world.env, BOTTLE_DOCKER_LINK: link },
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain("I changed the file.");
      const folder = ran.stderr
        .split("\n")
        .find((line) => line.startsWith(machine.state) && line.endsWith("/workspace"));
      expect(readFileSync(join(folder ?? "", "file.txt"), "utf8")).toBe("changed by the agent\n");
      expect(readFileSync(join(machine.project, "file.txt"), "utf8")).toBe("hello\n");
      const results = stub.asked.flatMap((asked) => asked.results).join();
      expect(results).toContain("docker-init");
      expect(results).toContain("the-real-one-is-added-outside-this-bottle");
      expect(JSON.stringify(stub.asked)).toContain(agent.sent.value);
      expect(results).not.toContain(agent.credential);
    },
    300_000,
  );

  test("Claude Code on a real terminal: no dialog, a prompt, an answer", async () => {
    const claude = AGENTS.find(({ name }) => name === "claude") ?? expect.fail();
    world = await openAgentWorld(claude, caller, scope, "backend: docker\n");
    const { machine, stub } = world;
    stub.play([{ kind: "say", text: "Greetings from the container." }]);
    const pane = openPane("bash --norc");
    try {
      const variables = Object.entries({ ...machine.env(), ...world.env }).map(([name, value]) => `${name}='${value}'`);
      pane.line(
        `cd ${machine.project} && env -i TERM=xterm-256color ${variables.join(" ")} ${process.execPath} ${machine.main} start worker --yes`,
      );
      await pane.until((screen) => /bypass permissions on/i.test(screen), "the prompt of Claude Code");
      pane.line("say hello");
      await pane.until((screen) => screen.includes("Greetings from the container."), "the answer");
      pane.keys("C-c");
      pane.keys("C-c");
      await pane.until((screen) => /[#$] *$/.test(screen.trimEnd()), "the shell again");
    } finally {
      pane.close();
    }
  }, 300_000);
});
