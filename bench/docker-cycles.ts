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

type Found = Readonly<Record<string, readonly string[]>>;

/** Everything that the engine has, the processes that hold a container of this home, and its records. */
function find(): Found {
  const list = (command: string, ...words: readonly string[]) =>
    spawnSync(command, words, { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line !== "");
  return {
    containers: list("docker", "ps", "--all", "--quiet"),
    volumes: list("docker", "volume", "ls", "--quiet"),
    networks: list("docker", "network", "ls", "--quiet"),
    images: list("docker", "image", "ls", "--all", "--quiet"),
    holders: list("pgrep", "--full", `docker run --interactive.*${home}`),
    state: readdirSync(home, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith("record.json")),
  };
}

/** What is there now and was not before; what others have removed meanwhile is theirs. */
function findLeft(before: Found): Found {
  return Object.fromEntries(
    Object.entries(find()).map(([what, now]) => [what, now.filter((one) => before[what]?.includes(one) !== true)]),
  );
}

try {
  bottle("start", "--headless", "--", "true"); // the image is built
  const before = find();
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
  const left = findLeft(before);
  for (const failure of failures) console.log(failure);
  for (const [what, ones] of Object.entries(left)) {
    console.log(`${what.padEnd(10)} left after ${CYCLES} cycles: ${ones.join(" ") || "none"}`);
  }
  const isClean = Object.values(left).every((ones) => ones.length === 0);
  console.log(isClean && failures.length === 0 ? "nothing is left" : "something is left, or failed");
  process.exitCode = isClean && failures.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
