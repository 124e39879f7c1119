// Start-up latency, side by side: every contender once per round, so that load from elsewhere meets all alike.
//   npm run bench:start [-- ROUNDS]
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const rounds = Number(process.argv[2] ?? 20);
const BENCH_UID = 64_123;
const work = mkdtempSync(join(tmpdir(), "bottle-bench-"));
chmodSync(work, 0o755);

type Contender = {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
};

try {
  main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function main(): void {
  const users = process.getuid?.() === 0 ? ["root", "user"] : ["user"];
  const srt = installSrt();
  const image = makeImage();
  for (const user of users) {
    const contenders = makeContenders(user, srt, image);
    const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
    for (const contender of contenders) measure(contender); // warm the page cache
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) times.get(contender.name)?.push(measure(contender));
    }
    report(user, times);
  }
}

function makeContenders(user: string, srt: string | undefined, image: string | undefined): readonly Contender[] {
  const cwd = join(work, `project-${user}`);
  const home = join(work, `home-${user}`);
  for (const folder of [cwd, home, join(home, "bottles"), join(home, "user")]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(home, "bottles/bench.md"), "---\nworkspace:\n  mode: copy\n---\nFor the benchmark.\n");
  writeFileSync(join(cwd, "README.md"), "# A small project\n");
  const dropped = user === "user" && process.getuid?.() === 0;
  if (dropped)
    for (const path of [cwd, home, join(home, "bottles"), join(home, "user")]) chownSync(path, BENCH_UID, BENCH_UID);
  const as = dropped ? ["setpriv", `--reuid=${BENCH_UID}`, `--regid=${BENCH_UID}`, "--clear-groups", "--"] : [];
  const own = join(home, "user");
  // srt leaves sockets named by pid in the temporary folder, on which a later one stumbles
  const env = { PATH: process.env["PATH"], HOME: own, TMPDIR: own, BOT_BOTTLE_HOME: home };
  const plain = [
    "bwrap",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/usr",
    "/usr",
  ];
  const links = ["--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"];
  const repository = join(work, `repository-${user}`);
  mkdirSync(repository);
  writeFileSync(join(repository, "README.md"), "# A small repository\n");
  for (const step of [
    ["init", "-q"],
    ["add", "."],
    ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "x"],
  ]) {
    spawnSync("git", ["-C", repository, ...step]);
  }
  if (dropped) spawnSync("chown", ["-R", `${BENCH_UID}:${BENCH_UID}`, repository]);
  const bottle = [
    ...as,
    process.execPath,
    join(ROOT, "dist/main.js"),
    "start",
    "--bottle",
    "bench",
    "--headless",
    "--",
    "true",
  ];
  const contenders: Contender[] = [
    { name: "bottle start, repository", argv: bottle, env, cwd: repository },
    {
      name: "bottle start",
      argv: [
        ...as,
        process.execPath,
        join(ROOT, "dist/main.js"),
        "start",
        "--bottle",
        "bench",
        "--headless",
        "--",
        "true",
      ],
      env,
      cwd,
    },
    { name: "bubblewrap", argv: [...as, ...plain, ...links, "--proc", "/proc", "--dev", "/dev", "true"], env, cwd },
    { name: "node -e 0", argv: [...as, process.execPath, "-e", "0"], env, cwd },
  ];
  if (srt !== undefined) contenders.push({ name: "srt", argv: [...as, process.execPath, srt, "true"], env, cwd });
  // Docker's engine runs as root whoever asks; as a user it is measured through the same socket.
  if (image !== undefined)
    contenders.push({ name: "docker run --rm", argv: ["docker", "run", "--rm", image, "/true"], env, cwd });
  return contenders;
}

function measure({ name, argv, env, cwd }: Contender): number {
  const [file = "", ...args] = argv;
  const begin = process.hrtime.bigint();
  const result = spawnSync(file, args, { env, cwd, stdio: ["ignore", "ignore", "pipe"] });
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (result.status !== 0) throw new Error(`${name} failed (${result.status}): ${String(result.stderr)}`);
  return ms;
}

function report(user: string, times: ReadonlyMap<string, readonly number[]>): void {
  const median = (list: readonly number[]) =>
    [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  const ours = median(times.get("bottle start") ?? []);
  console.log(
    `\nas ${user}, ${rounds} rounds, interleaved; bottle: manifest, preflight plan, workspace copy, journal, seccomp, own uid when root`,
  );
  console.log("| what | median ms | min | bottle / this |\n|---|--:|--:|--:|");
  for (const [name, list] of times) {
    console.log(
      `| ${name} | ${median(list).toFixed(1)} | ${Math.min(...list).toFixed(1)} | ${(ours / median(list)).toFixed(2)} |`,
    );
  }
}

/** Anthropic's sandbox-runtime from npm, in a folder that is made once; undefined where it can't be installed. */
function installSrt(): string | undefined {
  const folder = join(ROOT, ".cache/bench");
  const cli = join(folder, "node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js");
  if (!existsSync(cli)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    spawnSync("npm", ["install", "--ignore-scripts", "@anthropic-ai/sandbox-runtime@0.0.78"], {
      cwd: folder,
      stdio: "ignore",
    });
  }
  if (!existsSync(cli)) {
    console.log("srt: not measured, it could not be installed from npm");
    return undefined;
  }
  const tried = spawnSync(process.execPath, [cli, "true"], { stdio: ["ignore", "ignore", "pipe"] });
  if (tried.status === 0) return cli;
  console.log(`srt: not measured, it does not run here: ${String(tried.stderr).trim()}`);
  return undefined;
}

/** An image that holds one static program, made without a registry; undefined where no engine answers. */
function makeImage(): string | undefined {
  if (spawnSync("docker", ["info"], { stdio: "ignore" }).status !== 0) {
    console.log("docker run: not measured, no engine answers");
    return undefined;
  }
  const root = join(work, "image");
  mkdirSync(root);
  writeFileSync(join(work, "true.c"), "int main(void) { return 0; }\n");
  const steps: readonly (readonly [string, ...string[]])[] = [
    ["gcc", "-static", "-o", join(root, "true"), join(work, "true.c")],
    ["tar", "-C", root, "-cf", join(work, "image.tar"), "."],
    ["docker", "import", join(work, "image.tar"), "bottle-bench:true"],
  ];
  for (const [file, ...args] of steps) {
    const result = spawnSync(file, args);
    if (result.status !== 0) throw new Error(`${file} failed: ${String(result.stderr)}`);
  }
  return "bottle-bench:true";
}
