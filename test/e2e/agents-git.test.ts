import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { PLANTED } from "../socket/gate/harness.ts";
import { git } from "../socket/gate/upstreams.ts";
import { AGENTS, openAgentWorld } from "./agent-world.ts";
import { callers } from "./cli.ts";

// The real program from npm at work with ordinary git; only the model is a script.

const claude = AGENTS.find(({ name }) => name === "claude") ?? expect.fail();
const caller = callers.find(({ uid }) => uid === process.getuid?.()) ?? expect.fail();

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

test("Claude Code commits and pushes through the gate, then tries with a token in a file and is told why not", async () => {
  const { machine, stub, env } = await openAgentWorld(claude, caller, scope);
  const upstream = join(machine.folder, "upstream.git");
  machine.sh(
    `git init -q --bare -b main ${upstream} && git init -q -b main && git remote add origin file://${upstream}`,
  );
  machine.git(machine.project, "add", ".");
  machine.git(machine.project, "commit", "-q", "-m", "first");
  machine.git(machine.project, "push", "-q", "origin", "main");
  writeFileSync(join(machine.project, "notes.txt"), `deploy with ${PLANTED}\n`);
  machine.own(join(machine.project, "notes.txt"));
  machine.bottle(
    "default",
    `agent_provider: {template: claude, auth_token: ${claude.variable}}\ngit-gate:\n  user: {name: Robo, email: robo@example.test}\n  repos:\n    app: {url: "file://${upstream}"}\n`,
  );
  const push = (branch: string) => `git push origin HEAD:bottle/$(hostname)/${branch} 2>&1; echo code $?`;
  stub.play([
    { kind: "run", command: `echo more >>file.txt; git commit -q -a -m "More of it" && ${push("work")}` },
    { kind: "run", command: `git add notes.txt && git commit -q -m "Notes" && ${push("notes")}` },
    { kind: "say", text: "The first push went through. The second was refused: notes.txt has a token in it." },
  ]);
  const ran = await machine.run(["start", "worker", "--headless", "--keep", "--prompt", "push your work"], { env });
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout).toContain("The second was refused");

  const results = stub.asked.flatMap((asked) => asked.results).join("\n");
  expect(results).toContain("sent to app.");
  expect(results).toContain("code 0");
  expect(results).toContain("REFUSED; nothing was changed.");
  expect(results).toMatch(/github-token in notes\.txt, line 1, commit [0-9a-f]{12}: ghp_/);
  expect(results).toContain("git rebase -i");
  expect(results).toContain("code 1");
  expect(JSON.stringify(stub.asked)).not.toContain(PLANTED);

  const all = git(upstream, "-c", "safe.directory=*", "for-each-ref", "--format=%(refname) %(subject) %(authorname)");
  const lines = all.split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^refs\/heads\/bottle\/default-[a-z0-9]{5}\/work More of it Robo$/);
  expect(lines[1]).toMatch(/^refs\/heads\/main first /);
  const log = (await machine.run(["gate", "log"])).stdout;
  expect(log).toMatch(/app passed: [\s\S]*app refused \(secret\): /);
});
