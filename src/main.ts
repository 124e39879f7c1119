import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { proposeCompletions, run, type StricliProcess } from "@stricli/core";
import { systemClock } from "./base/clock.ts";
import { BottleError, systemErrorCode } from "./base/errors.ts";
import { EXIT_CODES } from "./base/exit-codes.ts";
import { packageRoot } from "./base/package-root.ts";
import { makePaths } from "./base/paths.ts";
import { makeApp } from "./cli/app.ts";
import type { CommandContext } from "./cli/context.ts";
import { renderError } from "./cli/render-error.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH", "SIGCONT"] as const;

const GONE: Readonly<Record<string, NodeJS.Signals>> = { EPIPE: "SIGPIPE", EIO: "SIGHUP", ENXIO: "SIGHUP" };

const stop = new AbortController();
const listeners = new Set<(signal: NodeJS.Signals) => void>();
let interrupts = 0;
let outputFailed = false;

for (const signal of SIGNALS) {
  process.on(signal, () => {
    for (const listener of listeners) listener(signal);
    if (signal === "SIGWINCH" || signal === "SIGCONT") return;
    if (!stop.signal.aborted) stop.abort(signal);
    // A third request means that the orderly way takes too long. Guests end with this process; `cleanup` does the rest.
    if (++interrupts >= 3) process.exit(signal === "SIGINT" ? EXIT_CODES.interrupted.code : EXIT_CODES.terminated.code);
  });
}

// A reader that went away (`bottle logs | head`), or a terminal that hung up, is a wish to stop and not a fault; an output
// that takes no more is both.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const gone = GONE[code];
    if (gone === undefined && !outputFailed) {
      outputFailed = true;
      process.exitCode ||= EXIT_CODES.failed.code; // it may be told after everything else was done
      process.stderr.write(`bottle: cannot write the output: ${code}\n`);
    }
    if (!stop.signal.aborted) stop.abort(gone ?? "SIGPIPE");
  });
}

// What is made for a bottle must be readable for its user, whatever the caller's own files are; what is private says so.
process.umask(0o022);

const version = readVersion();
const argv = process.argv.slice(2);
const dashes = argv.indexOf("--");
const app = makeApp(version);
// A process object of our own: the parser's exit codes are negative where the command line was not understood.
const parsed: StricliProcess = { stdout: process.stdout, stderr: process.stderr, env: stricliEnv() };

void runCommand();

async function runCommand(): Promise<void> {
  try {
    await run(app, dashes === -1 ? argv : argv.slice(0, dashes), { process: parsed, context: makeContext() });
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    process.stderr.write(`${renderError(error, version)}\n`);
    parsed.exitCode = error.exit;
  }
  const code = Number(parsed.exitCode ?? EXIT_CODES.ok.code);
  const understood = code < 0 ? EXIT_CODES.input.code : code;
  process.exitCode = outputFailed && understood === EXIT_CODES.ok.code ? EXIT_CODES.failed.code : understood;
}

function makeContext(): CommandContext {
  const userHome = readUserHome();
  const context: CommandContext = {
    async propose(words) {
      const proposals = await proposeCompletions(app, words, { process: parsed, context });
      return proposals.map((proposal) => proposal.completion);
    },
    afterDashes: dashes === -1 ? undefined : argv.slice(dashes + 1),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    get cwd() {
      return readCwd();
    },
    userHome,
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    nodePath: process.execPath,
    version,
    paths: makePaths(process.env, userHome),
    clock: systemClock,
    signal: stop.signal,
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return context;
}

/** The home folder; empty when there is none, which is an error only where nothing else says where our files are. */
function readUserHome(): string {
  try {
    return homedir();
  } catch {
    return ""; // no `HOME`, and a user who is not in the password file
  }
}

/** The parser's own switches are not ours to offer; only colour is passed on. */
function stricliEnv(): Record<string, string> {
  const noColor = process.env["NO_COLOR"] !== undefined && process.env["NO_COLOR"] !== "";
  return { STRICLI_SKIP_VERSION_CHECK: "1", ...(noColor ? { STRICLI_NO_COLOR: "1" } : {}) };
}

/** Only what needs the current folder fails when somebody removed it. */
function readCwd(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new BottleError("workspace/unreadable", "the current folder is not there any more", {
      hint: "cd to one that is, then try again",
      cause: error,
    });
  }
}

function readVersion(): string {
  const text = readFileSync(join(packageRoot(), "package.json"), "utf8");
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown";
}
