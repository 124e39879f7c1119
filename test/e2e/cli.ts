import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { makeHomeMark } from "../../src/backends/local/labels.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ORDINARY_UID = 61_234;

/** Whom a test runs the command line as. */
export type Caller = { readonly who: string; readonly uid: number };

/** Root and an ordinary user, or just the latter when that is who runs the tests. */
export const callers: readonly Caller[] =
  process.getuid?.() === 0
    ? [
        { who: "root", uid: 0 },
        { who: "an ordinary user", uid: ORDINARY_UID },
      ]
    : [{ who: "an ordinary user", uid: process.getuid?.() ?? ORDINARY_UID }];

/** What a finished run of the command line did. */
export type Ran = {
  readonly code: number | null;
  readonly out: Buffer;
  readonly stdout: string;
  readonly stderr: string;
};

/** How a run differs from one in the project folder with an empty input. */
export type How = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer | "open";
  /** Another program of the built folder than the command line itself */
  readonly program?: string;
  /** What starts it: `prlimit …` and the like */
  readonly under?: readonly string[];
};

/** A run that has not ended. */
export type Running = {
  readonly child: ChildProcess & { readonly pid: number };
  readonly ended: Promise<Ran>;
  /** Resolves when standard output holds a text; rejects when it ended without. */
  says(text: string): Promise<void>;
};

/** A user's machine: home, settings, temporary folder and a project, all below one folder that `close` removes. */
export class Machine {
  readonly caller: Caller;
  readonly folder: string;
  readonly project: string;
  readonly home: string;
  readonly settings: string;
  readonly state: string;
  readonly cache: string;
  readonly temporary: string;
  readonly #program: string;
  readonly #children = new Set<ChildProcess>();
  readonly #pids: number[] = [];

  constructor(caller: Caller) {
    this.caller = caller;
    // root's lies where no other user gets, as a clone below /root does
    this.folder = mkdtempSync(join(caller.uid === 0 ? homedir() : tmpdir(), "bottle-e2e-"));
    chmodSync(this.folder, 0o755);
    this.#program = caller.uid === process.getuid?.() ? ROOT : copyProgram(join(this.folder, "program"));
    this.home = join(this.folder, "home");
    this.project = join(this.home, "project");
    this.settings = join(this.home, ".bot-bottle");
    this.state = join(this.settings, "state");
    this.cache = join(this.folder, "cache");
    this.temporary = join(this.folder, "tmp");
    for (const folder of [this.home, this.project, this.cache, this.temporary]) mkdirSync(folder);
    this.own(this.folder, this.home, this.project, this.cache, this.temporary);
    this.write({ "home/project/file.txt": "hello\n" });
    this.bottle("default", "");
  }

  /** Writes files below the folder of the machine, as its user. */
  write(files: Readonly<Record<string, string | Buffer>>): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      for (const made of makeFolders(dirname(path))) this.own(made);
      writeFileSync(path, content);
      this.own(path);
    }
  }

  /** Bundles a fixture program into the folder of the machine, where its user can read it, and returns its path. */
  bundle(fixture: string): string {
    const outfile = join(this.folder, `${fixture}.mjs`);
    buildSync({
      entryPoints: [join(ROOT, `test/fixtures/${fixture}.ts`)],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20.19",
      external: ["@lydell/node-pty", "esbuild"],
      banner: {
        js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
      },
    });
    return outfile;
  }

  /** Writes a bottle with this YAML. */
  bottle(name: string, yaml: string): void {
    this.write({ [`home/.bot-bottle/bottles/${name}.md`]: `---\n${yaml}\n---\n` });
  }

  own(...paths: readonly string[]): void {
    if (process.getuid?.() === 0) for (const path of paths) chownSync(path, this.caller.uid, this.caller.uid);
  }

  /** Runs the command line to its end. */
  run(argv: readonly string[], how: How = {}): Promise<Ran> {
    return this.start(argv, how).ended;
  }

  /** Starts the command line. */
  start(argv: readonly string[], how: How = {}): Running {
    const [file = "", ...args] = [
      ...(how.under ?? []),
      ...this.#as(),
      ...[process.execPath, ...(how.program === undefined ? [join(this.#program, "dist/main.js")] : [how.program])],
      ...argv,
    ];
    const child = spawn(file, args, {
      cwd: how.cwd ?? this.project,
      env: { ...this.env(), ...how.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`${file} cannot be started`);
    this.#children.add(child);
    this.#pids.push(pid);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => {}); // what it does not read is its own affair
    if (how.stdin !== "open") child.stdin.end(how.stdin ?? "");
    const ended = new Promise<Ran>((settle) => {
      child.once("close", (code) => {
        this.#children.delete(child);
        const whole = Buffer.concat(out);
        settle({ code, out: whole, stdout: whole.toString(), stderr: Buffer.concat(err).toString() });
      });
    });
    const says = (text: string) =>
      new Promise<void>((settle, reject) => {
        const look = () => Buffer.concat(out).includes(text) && settle();
        look();
        child.stdout.on("data", look);
        child.once("close", () =>
          reject(new Error(`ended without saying ${text}: ${Buffer.concat([...out, ...err]).toString()}`)),
        );
      });
    return { child: Object.assign(child, { pid }), ended, says };
  }

  /** The environment of every run. */
  env(): Record<string, string> {
    return {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      HOME: this.home,
      BOT_BOTTLE_HOME: this.settings,
      XDG_CACHE_HOME: this.cache,
      TMPDIR: this.temporary,
    };
  }

  /** Runs git in a folder of the machine, as its user. */
  git(folder: string, ...args: readonly string[]): void {
    const identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    const [file = "", ...rest] = [...this.#as(), "git", ...identity, "-C", folder, ...args];
    execFileSync(file, rest, { env: { ...this.env(), GIT_CONFIG_NOSYSTEM: "1" }, stdio: "pipe" });
  }

  /** Runs a program of the machine's user to its end, and returns what it prints. */
  sh(script: string): string {
    const [file = "", ...rest] = [...this.#as(), "bash", "-c", script];
    return execFileSync(file, rest, { cwd: this.project, env: this.env(), stdio: "pipe" }).toString();
  }

  /** The program's own entry as one would find it on the PATH. */
  get main(): string {
    return join(this.#program, "dist/main.js");
  }

  /** Everything that a bottle of this machine's user has left, in words; empty when nothing is left. */
  async leftovers(): Promise<readonly string[]> {
    return [
      ...stateOf(this.state).map((name) => `state ${name}`),
      ...list(this.temporary).map((name) => `temporary ${name}`),
      ...list(this.cache)
        .flatMap((name) => list(join(this.cache, name)))
        .filter((name) => !["local-probe.json", "compiled"].includes(name)) // what is remembered of this machine and Node
        .map((name) => `cache ${name}`),
      ...list("/tmp")
        .filter((name) => this.#pids.some((pid) => name.startsWith(`bottle-git-${pid}-`)))
        .map((name) => `temporary /tmp/${name}`),
      ...this.processes().map((pid) => `process ${pid}`),
      ...findGroups(makeHomeMark(this.settings)).map((group) => `control group ${group}`),
      ...findClaims(makeHomeMark(this.settings)).map((claim) => `user id ${claim}`),
    ];
  }

  /** Processes of bottles of this machine, inside and outside. */
  processes(): readonly number[] {
    const marks = [`BOT_BOTTLE_HOME_MARK=${makeHomeMark(this.settings)}`];
    const holders = findProcesses((pid) => {
      const env = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      return marks.some((mark) => env.includes(mark));
    });
    const spaces = new Set<string>();
    // one that vanishes meanwhile has no more to say
    findProcesses((pid) => holders.includes(pid) && spaces.add(readlinkSync(`/proc/${pid}/ns/net`)) !== undefined);
    return findProcesses((pid) => holders.includes(pid) || spaces.has(readlinkSync(`/proc/${pid}/ns/net`)));
  }

  /** Ends what was started and removes everything. */
  async close(): Promise<void> {
    const ends = [...this.#children].map((child) => new Promise((settle) => child.once("close", settle)));
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(ends);
    await until(() => this.processes().length === 0);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #as(): readonly string[] {
    const { uid } = this.caller;
    return uid === process.getuid?.() ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  }
}

/** Waits for a condition; throws when it does not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${condition}`);
    await new Promise((settle) => setTimeout(settle, 10));
  }
}

/** Processes of this machine that a test is after; those that vanish meanwhile are none. */
export function findProcesses(matches: (pid: number) => boolean): readonly number[] {
  return list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return matches(pid) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
      } catch {
        return false;
      }
    });
}

/** All files and folders below a folder with their content, as one comparable value. */
export function snapshot(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path}\n${readFileSync(path, "latin1")}` : path;
    })
    .sort();
}

function stateOf(state: string): readonly string[] {
  const names = list(state).filter((name) => name !== ".labels");
  return [...names, ...list(join(state, ".labels")).map((name) => `.labels/${name}`)];
}

function findGroups(mark: string): readonly string[] {
  if (!existsSync("/sys/fs/cgroup")) return [];
  const where = ["/sys/fs/cgroup", "-type", "d", "-name", `bot-bottle-${mark}-*`];
  return execFileSync("sh", ["-c", 'find "$@" 2>/dev/null || true', "sh", ...where])
    .toString()
    .split("\n")
    .filter(Boolean);
}

function findClaims(mark: string): readonly string[] {
  const folder = "/run/bot-bottle/uids";
  return list(folder).filter((name) => existsSync(join(folder, name)) && readText(join(folder, name)).includes(mark));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone meanwhile, or another user's
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function makeFolders(folder: string): readonly string[] {
  if (existsSync(folder)) return [];
  const above = makeFolders(dirname(folder));
  mkdirSync(folder);
  return [...above, folder];
}

/** The built program with what it needs to run, in a place that every user can read. */
function copyProgram(target: string): string {
  mkdirSync(target);
  for (const name of ["dist", "package.json", "schemas"])
    cpSync(join(ROOT, name), join(target, name), { recursive: true });
  const wanted = new Set([ROOT]);
  for (const folder of wanted) {
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    ) as Partial<Record<string, Record<string, string>>>;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = join(ROOT, "node_modules", name);
      if (existsSync(found)) wanted.add(found);
    }
  }
  wanted.delete(ROOT);
  for (const folder of wanted) {
    const name = folder.slice(join(ROOT, "node_modules/").length);
    cpSync(folder, join(target, "node_modules", name), { recursive: true, dereference: true });
  }
  return target;
}
