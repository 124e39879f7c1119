import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// Starts and ends bottles in containers one after the other, every fifth by kill -9 and `bottle cleanup`, and looks whether
// anything of them is left: containers, images, volumes, networks, processes, state. Usage: npx tsx bench/docker-cycles.ts [CYCLES]

const ROOT = resolve(import.meta.dirname, "..");
const CYCLES = Number(process.argv[2] ?? 100);
const KILLED_EVERY = 5;

const folder = mkdtempSync(join(tmpdir(), "bottle-cycles-"));
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

function bottle(...args: readonly string[]) {
  return spawnSync(process.execPath, [join(ROOT, "dist/main.js"), ...args], { cwd: project, env, encoding: "utf8" });
}

/** Names of everything of ours that the engine has, and of processes that hold a container. */
function count(): Readonly<Record<string, number>> {
  const list = (...words: readonly string[]) =>
    spawnSync("docker", words, { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line.includes("bot-bottle")).length;
  const images = spawnSync("docker", ["image", "ls", "--all", "--quiet"], { encoding: "utf8" }).stdout;
  const holders = spawnSync("pgrep", ["--full", "--count", "docker run --interactive.*bot-bottle-default"]);
  return {
    containers: list("ps", "--all", "--format", "{{.Names}}"),
    volumes: list("volume", "ls", "--format", "{{.Name}}"),
    networks: spawnSync("docker", ["network", "ls", "--quiet"], { encoding: "utf8" }).stdout.trim().split("\n").length,
    images: images.trim().split("\n").length,
    holders: Number(String(holders.stdout).trim()),
    state: readdirSync(home, { recursive: true }).filter((name) => String(name).endsWith("record.json")).length,
  };
}

try {
  bottle("start", "--headless", "--", "true"); // the image is built
  const before = count();
  const failures: string[] = [];
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    if (cycle % KILLED_EVERY === 0) {
      bottle("start", "--headless", "--", "sh", "-c", "exit 0");
      const script = `"$0" "$1" start --headless -- sleep 1000 & sleep 1.5; kill -9 $!; "$0" "$1" cleanup --yes --all`;
      spawnSync("bash", ["-c", script, process.execPath, join(ROOT, "dist/main.js")], { cwd: project, env });
    } else {
      const { status, stderr } = bottle("start", "--headless", "--", "sh", "-c", `exit ${cycle % 4}`);
      if (status !== cycle % 4) failures.push(`cycle ${cycle} ended with ${status}: ${stderr}`);
    }
  }
  bottle("cleanup", "--yes", "--all");
  const after = count();
  for (const failure of failures) console.log(failure);
  for (const [name, number] of Object.entries(before)) {
    console.log(`${name.padEnd(10)} before ${number}, after ${CYCLES} cycles ${after[name]}`);
  }
  const isSame = JSON.stringify(after) === JSON.stringify(before);
  console.log(isSame && failures.length === 0 ? "nothing is left" : "something is left");
  process.exitCode = isSame && failures.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
