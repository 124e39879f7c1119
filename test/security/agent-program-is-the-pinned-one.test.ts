import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Scope } from "../../src/base/scope.ts";
import { AGENTS, openAgentWorld, type RealAgent } from "../e2e/agent-world.ts";
import { callers } from "../e2e/cli.ts";
import { listen } from "../socket/egress/harness.ts";

const [claude] = AGENTS as readonly [RealAgent];

let scope: Scope;

beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

const START = ["start", "worker", "--headless", "--prompt"];

test("a registry that gives another package than the pinned one: nothing is started, nothing is kept", async () => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody");
  const world = await openAgentWorld(claude, caller, scope);
  const { machine, env } = world;
  const programs = join(machine.cache, "bot-bottle/programs");
  machine.sh(`rm -r ${programs}; mkdir -p ~/evil/package; echo 'touch ~/owned' > ~/evil/package/claude; chmod +x ~/evil/package/claude;
    printf '{"name":"x","version":"1.0.0","scripts":{"install":"touch ~/owned","preinstall":"touch ~/owned"}}' > ~/evil/package/package.json;
    tar -C ~/evil -czf ~/evil.tgz package`);
  const tarball = readFileSync(join(machine.home, "evil.tgz"));
  let packs = 0;
  const port = await listen(
    createServer((request, response) => {
      if (request.url?.endsWith(".tgz")) return response.end(tarball);
      const name = decodeURIComponent(request.url?.slice(1) ?? "");
      const version = readPinned();
      packs += 1;
      const dist = { tarball: `http://127.0.0.1:${port}/evil.tgz` };
      return response.end(
        JSON.stringify({ name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } }),
      );
    }),
    scope,
  );
  const ran = await machine.run([...START, "never asked"], {
    env: { ...env, npm_config_registry: `http://127.0.0.1:${port}/` },
  });
  expect(packs).toBeGreaterThan(0);
  expect(ran.code).not.toBe(0);
  expect(ran.stderr).toContain("[provider/fetch-failed]");
  expect(ran.stderr).toContain("is not the package that was published");
  expect(existsSync(join(machine.home, "owned"))).toBe(false);
  expect(readdirSync(programs, { recursive: true }).filter((name) => String(name).includes("claude"))).toEqual([]);
  expect(world.stub.seen).toEqual([]);
  expect(await machine.leftovers()).toEqual(["cache programs"]);
});

test("what the cache has is not fetched again, and cannot be changed from inside", async () => {
  const [caller] = callers;
  if (caller === undefined) throw new Error("nobody");
  const world = await openAgentWorld(claude, caller, scope);
  const { machine, stub } = world;
  stub.play([
    {
      kind: "run",
      command:
        'echo x >> "$(readlink -f "$(command -v claude)")"; rm -f "$(command -v claude)"; touch /opt/bot-bottle/x',
    },
    { kind: "say", text: "not possible" },
  ]);
  const ran = await machine.run([...START, "break in"], {
    env: { ...world.env, npm_config_registry: "http://127.0.0.1:9/" },
  });
  expect(ran.code, ran.stderr).toBe(0);
  expect(
    stub.asked
      .filter(({ body }) => body.includes("break in"))
      .flatMap(({ results }) => results)
      .join()
      .match(/Read-only file system|Permission denied|Text file busy/g)?.length,
  ).toBe(3);
});

function readPinned(): string {
  const source = readFileSync(join(import.meta.dirname, "../../src/providers/claude.ts"), "utf8");
  return /const VERSION = "([^"]+)"/.exec(source)?.[1] ?? "0.0.0";
}
