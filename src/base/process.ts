import type { StdioOptions } from "node:child_process";
import { type ChildProcess, spawn } from "node:child_process";
import { BottleError, systemErrorCode } from "./errors.ts";
import { leakingDescriptors, withNullDescriptor } from "./leaking-descriptors.ts";

/** How a finished process ended: its exit code, or the signal that ended it. */
export type Exit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals };

/** Above it, Node would have to make more entries than it is worth. */
const HIGHEST_COVERED = 65_535;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What a process gets; nothing is inherited that is not named here. */
export type RunOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Bytes for its standard input, closed afterwards */
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Time after which it is killed, `ms`; 60 s unless told */
  readonly timeoutMs?: number;
  /** Most bytes kept of each output; more is an error, 64 MiB unless told */
  readonly maxOutputBytes?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Open descriptor that takes its standard output, which is then not kept */
  readonly stdoutTo?: number;
  /** Open descriptor that it has as its descriptor 3 */
  readonly third?: number;
  /** Whether it heads a process group, so that what it started ends with it, by force where it does not listen */
  readonly group?: boolean;
};

/** A finished process. */
export type Finished = { readonly exit: Exit; readonly stdout: Buffer; readonly stderr: string };

/** Runs a program to its end; the port through which everything but long-lived children is started. */
export type Run = (argv: readonly [string, ...string[]], options: RunOptions) => Promise<Finished>;

/** Runs a program without a shell. Throws `process/not-found` or `process/timeout`; a bad exit is a value. */
export const run: Run = (argv, options) =>
  new Promise((resolve, reject) => {
    const [file, ...args] = argv;
    const { group = false } = options;
    const stdio: StdioOptions = [
      "pipe",
      options.stdoutTo ?? "pipe",
      "pipe",
      ...(options.third === undefined ? [] : [options.third]),
    ];
    const child = startProcess(argv, { ...options, stdio, ...(group ? { detached: true } : {}) });
    const kill = (why: BottleError) => {
      if (group) signalGroup(child, "SIGKILL");
      else child.kill("SIGKILL");
      reject(why);
    };
    const limit = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
    const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > limit) kill(new BottleError("process/failed", `${file} printed more than ${limit} bytes`));
        else outputs[name].push(chunk);
      });
    }
    const what = [file, ...args.slice(0, 2)].join(" ");
    const timeout = setTimeout(
      () => kill(new BottleError("process/timeout", `${what} did not finish in time`)),
      options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    );
    const abort = () => (group ? endGroup(child) : child.kill("SIGTERM"));
    options.signal?.addEventListener("abort", abort, { once: true });
    if (options.signal?.aborted === true) abort(); // before there was anybody to hear it
    const settle = () => {
      clearTimeout(timeout);
      options.signal?.removeEventListener("abort", abort);
    };
    child.once("error", (error) => {
      settle();
      reject(processError(error, file));
    });
    child.once("close", (code, signal) => {
      settle();
      const stdout = Buffer.concat(outputs.stdout);
      resolve({ exit: makeExit(code, signal), stdout, stderr: Buffer.concat(outputs.stderr).toString("utf8") });
    });
    child.stdin?.on("error", () => {}); // the program may end without reading; its exit code tells
    child.stdin?.end(options.stdin ?? "");
  });

/** A long-lived child process. */
export type Child = ChildProcess;

/** Starts a long-lived process without a shell; it gets the descriptors named in `stdio` and no other. */
export function startProcess(
  argv: readonly [string, ...string[]],
  options: Pick<RunOptions, "env" | "cwd" | "uid" | "gid"> & {
    readonly stdio: StdioOptions;
    readonly detached?: boolean;
  },
): Child {
  const [file, ...args] = argv;
  const start = (stdio: StdioOptions) =>
    spawn(file, args, {
      env: { ...options.env },
      stdio,
      shell: false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      ...(options.detached === undefined ? {} : { detached: options.detached }),
    });
  const leaking = leakingDescriptors();
  if (leaking.length === 0) return start(options.stdio);
  return withNullDescriptor((nothing) => start(coverDescriptors(options.stdio, leaking, nothing)));
}

/** The same `stdio`, with `nothing` put over every descriptor that the child would inherit without being given it. */
export function coverDescriptors(
  stdio: StdioOptions,
  leaking: readonly number[],
  nothing: number,
): Exclude<StdioOptions, string> {
  const covered = typeof stdio === "string" ? [stdio, stdio, stdio] : [...stdio];
  for (const fd of leaking) {
    if (fd > HIGHEST_COVERED) throw new Error(`descriptor ${fd} cannot be kept from a child`);
    // "ignore" above 2 means to Node: leave whatever the parent has there
    while (covered.length <= fd) covered.push("ignore");
    if (covered[fd] === "ignore") covered[fd] = nothing;
  }
  return covered;
}

/** Sends a signal to any process; false when there is no such process, or it is not ours to signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return globalThis.process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Time for a group to end by itself, `ms` */
const GRACE_MS = 5_000;

/** Asks a process that heads a group, and everything it started, to end; after a grace time they are made to. */
export function endGroup(child: Child): void {
  if (!signalGroup(child, "SIGTERM")) return;
  const force = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
  child.once("close", () => clearTimeout(force));
}

/** False when nothing of it is left that holds our pipes: the number may be somebody else's by then. */
function signalGroup({ pid, exitCode, signalCode, stdio }: Child, signal: NodeJS.Signals): boolean {
  const headRuns = exitCode === null && signalCode === null;
  if (pid === undefined || !(headRuns || stdio.some((stream) => stream && !stream.destroyed))) return false;
  return signalProcess(-pid, signal);
}

/** Node's pair of exit code and signal as one value. */
export function makeExit(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal !== null) return { kind: "signal", signal };
  return { kind: "code", code: code ?? 0 };
}

function processError(error: Error, file: string): Error {
  const options = { hint: "`bottle doctor` says what is missing and how to get it", cause: error };
  const code = systemErrorCode(error);
  if (code === "ENOENT" || code === "EACCES") {
    const why = code === "ENOENT" ? "not on the PATH" : "may not be executed";
    return new BottleError("process/not-found", `${file} is not installed, or ${why}`, options);
  }
  return new BottleError("process/failed", `${file} could not be started: ${error.message}`, options);
}
