#!/usr/bin/env node
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

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH"] as const;

const GONE: Readonly<Record<string, NodeJS.Signals>> = { EPIPE: "SIGPIPE", EIO: "SIGHUP", ENXIO: "SIGHUP" };

const stop = new AbortController();
const listeners = new Set<(signal: NodeJS.Signals) => void>();
let interrupts = 0;

for (const signal of SIGNALS) {
  process.on(signal, () => {
    for (const listener of listeners) listener(signal);
    if (signal === "SIGWINCH") return;
    if (!stop.signal.aborted) stop.abort(signal);
    // A third request means that the orderly way takes too long. Guests end with this process; `cleanup` does the rest.
    if (++interrupts >= 3) process.exit(signal === "SIGINT" ? EXIT_CODES.interrupted.code : EXIT_CODES.terminated.code);
  });
}

// A reader that went away (`bottle logs | head`), or a terminal that hung up, is a wish to stop and not a fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    const gone = GONE[systemErrorCode(error) ?? ""];
    if (gone === undefined) throw error;
    if (!stop.signal.aborted) stop.abort(gone);
  });
}

const version = readVersion();
const userHome = homedir();
const argv = process.argv.slice(2);
const dashes = argv.indexOf("--");
const app = makeApp(version);
// A process object of our own: the parser's exit codes are negative where the command line was not understood.
const parsed: StricliProcess = { stdout: process.stdout, stderr: process.stderr, env: stricliEnv() };
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

await run(app, dashes === -1 ? argv : argv.slice(0, dashes), { process: parsed, context });
const code = Number(parsed.exitCode ?? EXIT_CODES.ok.code);
process.exitCode = code < 0 ? EXIT_CODES.input.code : code;

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
