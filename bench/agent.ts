// A whole headless turn of Claude Code, one tool call in it, in a bottle and without one: the same program, the same scripted
// model server under the name api.anthropic.com, interleaved. Claude Code does more under that name than for any other base
// URL (it fetches settings and limits before its first question), so the turn without a bottle must reach the server by it
// as well: through a hosts file of its own and port 443 of a loopback address, which takes root.
//   npm run bench:agent [-- ROUNDS]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Scope } from "../src/base/scope.ts";
import { parseHost } from "../src/egress/wire/host.ts";
import { type ModelStep, makeStubAnthropic } from "../test/fixtures/stub-anthropic.ts";
import { openHttpsOrigin, originAuthority } from "../test/socket/egress/harness.ts";

const HOST = "api.anthropic.com";
const ADDRESS = "127.0.0.77";

const ROOT = resolve(import.meta.dirname, "..");
const KEY = `sk-ant-api03-${"bench".repeat(8)}`;
const rounds = Number(process.argv[2] ?? 15);
const scope = new Scope();
if (process.getuid?.() !== 0) {
  console.error("bench/agent binds port 443 of a loopback address: run it as root");
  process.exit(2);
}
const work = mkdtempSync(join(homedir(), "bottle-bench-"));

type Contender = {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
};

try {
  await main();
} finally {
  await scope.close();
  rmSync(work, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const model = makeStubAnthropic((headers) => headers["x-api-key"] === KEY);
  const service = await openHttpsOrigin(scope, HOST, model.handle);
  await openDirect(model.handle);
  const cache = join(ROOT, ".cache/bench-agent");
  const project = join(work, "project");
  for (const folder of [cache, project, join(work, "home"), join(work, "own/bottles")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(work, "ca.pem"), (await originAuthority()).certificatePem);
  writeFileSync(join(project, "README.md"), "# A small project\n");
  writeFileSync(
    join(work, "own/config.yaml"),
    `extra_ca: ${join(work, "ca.pem")}\nresolve: {${HOST}: "127.0.0.1:${service.port}"}\n`,
  );
  writeFileSync(join(work, "own/bottles/claude.md"), "---\nagent_provider: {template: claude, auth_token: KEY}\n---\n");
  const env = { PATH: process.env["PATH"], HOME: join(work, "home") };
  const bottle: Contender = {
    name: "in a bottle",
    argv: [process.execPath, join(ROOT, "dist/main.js"), "start", "--bottle", "claude", "--headless", "--prompt", "-"],
    env: { ...env, BOT_BOTTLE_HOME: join(work, "own"), XDG_CACHE_HOME: cache, KEY },
  };
  model.play(turn());
  await measure(bottle, project); // fetches the program
  const programs = join(cache, "bot-bottle/programs");
  const program = readdirSync(programs).find((name) => name.includes("claude"));
  if (program === undefined) throw new Error("there is no program in the cache");
  const plain: Contender = {
    name: "without one",
    argv: [
      ...(["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /etc/hosts; exec "$@"', join(work, "hosts")] as const),
      ...[join(programs, program, "bin/claude"), "--dangerously-skip-permissions", "--print"],
    ],
    env: {
      ...env,
      ANTHROPIC_API_KEY: KEY,
      NODE_EXTRA_CA_CERTS: join(work, "ca.pem"),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      IS_SANDBOX: "1", // it refuses to work for root elsewhere
    },
  };
  const times = new Map([bottle, plain].map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const contender of [bottle, plain]) {
      model.play(turn());
      const ms = await measure(contender, project);
      if (round > 0) times.get(contender.name)?.push(ms); // the first warms the page cache
    }
  }
  report(times);
}

/** The same server where a program finds it that asks nothing but the hosts file. */
async function openDirect(handle: Parameters<typeof openHttpsOrigin>[2]): Promise<void> {
  const leaf = await (await originAuthority()).issue(parseHost(HOST));
  const server = createServer({ key: leaf.keyPem, cert: leaf.certificatePem }, (request, response) => {
    void handle(request, response);
  });
  server.keepAliveTimeout = 20_000;
  server.listen(443, ADDRESS);
  await once(server, "listening");
  scope.defer("the server at 443", () => {
    server.closeAllConnections();
    server.close();
  });
  writeFileSync(join(work, "hosts"), `127.0.0.1 localhost\n${ADDRESS} ${HOST}\n`);
}

function turn(): readonly ModelStep[] {
  return [
    { kind: "run", command: "echo more >> README.md; cat README.md" },
    { kind: "say", text: "done" },
  ];
}

async function measure({ name, argv, env }: Contender, cwd: string): Promise<number> {
  const [file, ...args] = argv;
  const begin = performance.now();
  const child = spawn(file, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end("Add a line to the README.");
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise((settle) => child.once("close", settle));
  const ms = performance.now() - begin;
  if (code !== 0 || !out.includes("done")) throw new Error(`${name} failed (${code}): ${out}${err}`);
  return ms;
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  console.log(`a headless turn of Claude Code with one tool call, ${rounds} rounds, interleaved\n`);
  console.log("| | median ms | min |\n|---|--:|--:|");
  for (const [name, list] of times) {
    console.log(`| ${name} | ${median(list).toFixed(0)} | ${Math.min(...list).toFixed(0)} |`);
  }
  const [bottle = [], plain = []] = [...times.values()];
  const added = bottle.map((ms, round) => ms - (plain[round] ?? Number.NaN));
  console.log(`\nadded by the bottle, median of the rounds: ${median(added).toFixed(0)} ms`);
}
