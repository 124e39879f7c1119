import { randomBytes } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import { BottleError } from "../../base/errors.ts";
import { type Child, type Exit, makeExit, startProcess } from "../../base/process.ts";
import { openPty, type Pty } from "../../base/pty.ts";
import { SecretValue } from "../../base/secret-value.ts";
import { type Engine, engineWords, explainWords } from "../../images/engine.ts";
import type { GuestCommand, GuestProcess, GuestStreams } from "../backend.ts";
import { COMMAND_VARIABLE, type ExecParts, launchMark, MARK_END, makeExecArgs } from "./args.ts";
import { openEnvPipe, renderVariables } from "./env-pipe.ts";
import type { Holder } from "./holder.ts";
import { explainMark, parseExit } from "./output.ts";

/** What starting a command in a container needs. */
export type LaunchParts = {
  readonly engine: Engine;
  readonly holder: Pick<Holder, "signal" | "watch" | "exit">;
  /** Private folder for the pipe of its variables */
  readonly scratch: string;
  readonly container: Pick<ExecParts, "name" | "user" | "path">;
  /** Variables of every command, which its own may replace */
  readonly env: ReadonlyMap<string, string>;
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Time that a command's end may take to be told after its container's, `ms` */
const LATE_MS = 500;
const MOST_WORDS = 16 * 1024;

/** A command that runs, and the way to let go of its streams. */
export type RunningCommand = { readonly process: GuestProcess; close(): void };

/** Starts a command in a container; resolves when it runs and throws `launch/…` when it cannot. */
export async function startGuestProcess(parts: LaunchParts, command: GuestCommand): Promise<RunningCommand> {
  const { engine, holder, container } = parts;
  const mark = randomBytes(8).toString("hex");
  const env = new Map<string, string | SecretValue>([...parts.env, ...command.env]);
  if (command.terminal !== undefined) env.set("TERM", command.terminal.term);
  const variables = [...env.keys()].filter((name) => NAME.test(name));
  const { argv, cwd, terminal } = command;
  const values = renderVariables(variables.map((name) => expose(env.get(name) ?? "")));
  const envPipe = await openEnvPipe(parts.scratch);
  const args = makeExecArgs({ ...container, mark, variables, envPipe: envPipe.path, argv, cwd, terminal });
  const { child, streams, errors, close } = await start([engine.command, ...args], engine.env, terminal);
  const exit = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve(parseExit(makeExit(code, signal))));
    child.once("error", () => resolve({ kind: "code", code: 127 }));
  });
  await envPipe.write(values, exit);
  const said = await Promise.race([errors.said(launchMark(mark)), exit.then(() => errors.saidUntilEnd())]);
  const pid = Number(said.mark);
  if (said.mark === undefined || !Number.isInteger(pid)) {
    await exit;
    close();
    throw explain(engine, said, argv[0] ?? "", cwd);
  }
  holder.watch(pid, `${COMMAND_VARIABLE}=${mark}`);
  // some runtimes lose the end of a command together with its container
  void holder.exit.then(() => setTimeout(() => child.kill("SIGKILL"), LATE_MS).unref());
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  const kill = (signal: NodeJS.Signals) => {
    if (!ended) holder.signal(pid, signal);
  };
  return { process: { ...streams, exit, kill }, close };
}

function expose(value: string | SecretValue): string {
  return value instanceof SecretValue ? value.expose("environment of a command in its bottle") : value;
}

/** When a new size is told once more, `ms` */
const TOLD_AGAIN_MS = [250, 1000, 3000];

type Started = {
  readonly child: Child;
  readonly streams: GuestStreams;
  readonly errors: MarkedStream;
  close(): void;
};

async function start(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
  terminal: GuestCommand["terminal"],
): Promise<Started> {
  if (terminal === undefined) {
    const child = startProcess(argv, { env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const { stdin, stdout, stderr } = child;
    if (stdin === null || stdout === null || stderr === null) throw new Error("pipes were asked for");
    stdin.on("error", () => {});
    const errors = splitMark(stderr);
    const kept = stdout.pipe(new PassThrough()); // what nobody reads yet, Node throws away at the end of a child
    return { child, streams: { kind: "pipes", stdin, stdout: kept, stderr: errors.rest }, errors, close: () => {} };
  }
  const pty: Pty = await openPty(terminal);
  const { slaveFd } = pty;
  const child = startProcess(argv, { env, stdio: [slaveFd, slaveFd, slaveFd], detached: true });
  pty.closeSlave();
  const errors = splitMark(pty.output);
  const told: NodeJS.Timeout[] = [];
  const resize = (columns: number, rows: number) => {
    pty.resize(columns, rows);
    // This terminal is not the one that controls it, so the kernel does not tell it; and a program of the engine that has
    // only just started does not listen yet.
    for (const timer of told.splice(0)) clearTimeout(timer);
    child.kill("SIGWINCH");
    for (const ms of TOLD_AGAIN_MS) told.push(setTimeout(() => child.kill("SIGWINCH"), ms).unref());
  };
  child.once("exit", () => {
    for (const timer of told.splice(0)) clearTimeout(timer);
  });
  const streams = { kind: "terminal", terminal: { input: pty.input, output: errors.rest, resize } } as const;
  return { child, streams, errors, close: () => pty.close() };
}

type Said = { readonly mark: string | undefined; readonly words: string };

/** A stream that begins with words of the engine and of the launcher, and goes on with those of the command. */
type MarkedStream = {
  /** Resolves with what stands between the mark and its end, and the words before it */
  said(mark: string): Promise<Said>;
  /** What was said without any mark, once the stream is at its end */
  saidUntilEnd(): Promise<Said>;
  /** What comes after it */
  readonly rest: Readable;
};

function splitMark(stream: Readable): MarkedStream {
  const rest = new PassThrough();
  let head = Buffer.alloc(0);
  let settled: ((said: Said) => void) | undefined;
  let wanted = "";
  const found = new Promise<Said>((resolve) => {
    settled = resolve;
  });
  const look = () => {
    const at = wanted === "" ? -1 : head.indexOf(wanted);
    const end = at < 0 ? -1 : head.indexOf(MARK_END, at + wanted.length);
    if (end < 0) return;
    stream.off("data", take);
    rest.write(head.subarray(end + MARK_END.length));
    stream.pipe(rest);
    settled?.({
      mark: head.subarray(at + wanted.length, end).toString("utf8"),
      words: head.subarray(0, at).toString("utf8"),
    });
  };
  const take = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]).subarray(-MOST_WORDS);
    look();
  };
  stream.on("data", take);
  const over = new Promise<void>((resolve) =>
    stream
      .once("end", resolve)
      .once("close", resolve)
      .once("error", () => resolve()),
  );
  void over.then(() => {
    settled?.({ mark: undefined, words: head.toString("utf8") });
    rest.end();
  });
  return {
    said: (mark) => {
      wanted = mark;
      look();
      return found;
    },
    saidUntilEnd: () => over.then(() => found),
    rest,
  };
}

function explain(engine: Engine, { mark, words }: Said, program: string, cwd: string): BottleError {
  const failure = mark === undefined ? undefined : explainMark(mark, program, cwd);
  if (failure !== undefined) {
    return new BottleError(failure.code, failure.message, failure.hint === undefined ? {} : { hint: failure.hint });
  }
  const told = engineWords(words) || "the engine ended without a word";
  return new BottleError("launch/failed", `${program} was not started: ${told}`, {
    hint: explainWords(engine.command, told) ?? "`bottle doctor` checks the engine",
  });
}
