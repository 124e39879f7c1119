import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// Start to first output of a bottle in a container against plain `docker run` of the same image with the same command, in
// turns, so that both meet the same machine. Usage: npx tsx bench/docker.ts [ROUNDS]

const ROOT = resolve(import.meta.dirname, "..");
const ROUNDS = Number(process.argv[2] ?? 15);
const IMAGE = "bot-bottle/shell";
const COMMAND = ["echo", "first"];

const folder = mkdtempSync(join(tmpdir(), "bottle-bench-"));
const home = join(folder, "home");
const project = join(folder, "project");
mkdirSync(join(home, "bottles"), { recursive: true });
mkdirSync(project);
writeFileSync(join(project, "file.txt"), "hello\n");
writeFileSync(
  join(home, "bottles/default.md"),
  "---\nbackend: docker\nsupervise: false\negress: {routes: [{host: example.com}]}\n---\n",
);

const env = { ...process.env, BOT_BOTTLE_HOME: home, XDG_CACHE_HOME: join(folder, "cache") };
const start = [process.execPath, join(ROOT, "dist/main.js"), "start", "--headless", "--", ...COMMAND];
const CONTENDERS = [
  { name: "docker run", argv: ["docker", "run", "--rm", IMAGE, ...COMMAND], env },
  { name: "bottle, sockets", argv: start, env },
  { name: "bottle, streams", argv: start, env: { ...env, BOTTLE_DOCKER_LINK: "streams" } },
];

/** Time until the command inside has said something, and until everything is over, `ms`. */
function measure(argv: readonly string[], variables: NodeJS.ProcessEnv): Promise<{ first: number; all: number }> {
  return new Promise((settle, reject) => {
    const began = performance.now();
    const [file = "", ...args] = argv;
    const child = spawn(file, args, { cwd: project, env: variables, stdio: ["ignore", "pipe", "ignore"] });
    let first = Number.NaN;
    child.stdout.once("data", () => {
      first = performance.now() - began;
    });
    child.once("close", (code) => {
      if (code === 0 && first > 0) settle({ first, all: performance.now() - began });
      else reject(new Error(`${argv.join(" ")} ended with ${code}`));
    });
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const build = () =>
  spawnSync("docker", ["build", "--tag", IMAGE, join(ROOT, "images/shell")], { env, encoding: "utf8" });

try {
  const made = build(); // what `docker run` is measured with must be there
  if (made.status !== 0) throw new Error(`${IMAGE} cannot be built: ${made.stderr ?? made.error}`);
  for (const { argv, env: variables } of CONTENDERS) await measure(argv, variables); // caches of everybody are warm
  const times = new Map(CONTENDERS.map(({ name }) => [name, { first: [] as number[], all: [] as number[] }]));
  const builds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, argv, env: variables } of CONTENDERS) {
      const { first, all } = await measure(argv, variables);
      times.get(name)?.first.push(first);
      times.get(name)?.all.push(all);
    }
    const began = performance.now();
    build();
    builds.push(performance.now() - began);
  }
  const base = median(times.get("docker run")?.first ?? []);
  for (const [name, { first, all }] of times) {
    const ratio = (median(first) / base).toFixed(2);
    console.log(
      `${name.padEnd(16)} first output ${median(first).toFixed(0)} ms (${ratio} x), end ${median(all).toFixed(0)} ms`,
    );
  }
  console.log(`an unchanged build ${median(builds).toFixed(0)} ms`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
