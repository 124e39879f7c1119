import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { BottleError } from "../../base/errors.ts";
import { type Child, type Exit, makeExit, startProcess } from "../../base/process.ts";
import { openPty, type Pty } from "../../base/pty.ts";
import { SecretValue } from "../../base/secret-value.ts";
import { type Engine, engineWords, explainWords } from "../../images/engine.ts";
import type { GuestCommand, GuestProcess, GuestStreams } from "../backend.ts";
import { type ExecParts, makeExecArgs } from "./args.ts";
import type { Holder } from "./holder.ts";
import { COMMAND_VARIABLE, renderOrders } from "./launcher.ts";
import { type MarkedStream, type Said, splitMarks } from "./marked-stream.ts";
import { explainMark, parseExit } from "./output.ts";

/** What starting a command in a container needs. */
export type LaunchParts = {
  readonly engine: Engine;
  readonly holder: Pick<Holder, "signal" | "watch" | "exit">;
  readonly container: Pick<ExecParts, "name" | "user" | "path">;
  /** Variables of every command, which its own may replace */
  readonly env: ReadonlyMap<string, string>;
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Most bytes of a variable with its name that Linux gives to a program */
const MOST_VARIABLE_BYTES = 128 * 1024 - 2;
/** Time that a command's end may take to be told after its container's, `ms` */
const LATE_MS = 500;

/** A command that runs, and the way to let go of its streams. */
export type RunningCommand = { readonly process: GuestProcess; close(): void };

/** A launcher in a container, which becomes a command when it is told which. */
export type Launcher = {
  readonly isTerminal: boolean;
  /** Resolves when the command runs and throws `launch/…` when it cannot; once only. */
  launch(command: GuestCommand): Promise<RunningCommand>;
  /** Ends one that is not needed. */
  close(): void;
};

/** Starts a launcher; that it cannot be started is told to whoever has a command for it. */
export async function openLauncher(parts: LaunchParts, terminal: GuestCommand["terminal"]): Promise<Launcher> {
  const { engine, holder, container } = parts;
  const mark = randomBytes(8).toString("hex");
  const argv = [engine.command, ...makeExecArgs({ ...container, mark, terminal })] as const;
  const { child, streams, marks, close } = await start(argv, mark, engine.env, terminal);
  const exit = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve(parseExit(makeExit(code, signal))));
    child.once("error", () => resolve({ kind: "code", code: 127 }));
  });
  // some runtimes lose the end of a command together with its container
  void holder.exit.then(() => setTimeout(() => child.kill("SIGKILL"), LATE_MS).unref());
  const launch = async (command: GuestCommand): Promise<RunningCommand> => {
    const orders = renderOrders(collectVariables(parts.env, command), command);
    if (streams.kind === "terminal" && command.terminal !== undefined) {
      streams.terminal.resize(command.terminal.columns, command.terminal.rows);
    }
    if (await marks.waits) (streams.kind === "pipes" ? streams.stdin : streams.terminal.input).write(orders);
    const said = await marks.said;
    const pid = Number(said.mark);
    if (said.mark === undefined || !Number.isInteger(pid)) {
      await exit;
      close();
      throw explain(engine, said, command.argv[0] ?? "", command.cwd);
    }
    holder.watch(pid, `${COMMAND_VARIABLE}=${mark}`);
    let ended = false;
    void exit.then(() => {
      ended = true;
    });
    const kill = (signal: NodeJS.Signals) => {
      if (!ended) holder.signal(pid, signal);
    };
    return { process: { ...streams, exit, kill }, close };
  };
  return {
    isTerminal: terminal !== undefined,
    launch,
    close: () => {
      child.kill("SIGKILL");
      close();
    },
  };
}

function collectVariables(own: LaunchParts["env"], { env, terminal }: GuestCommand): ReadonlyMap<string, string> {
  const all = new Map<string, string | SecretValue>([...own, ...env]);
  if (terminal !== undefined) all.set("TERM", terminal.term);
  const variables = [...all].filter(([name]) => NAME.test(name)).map(([name, value]) => [name, expose(value)] as const);
  for (const [name, value] of variables) {
    if (Buffer.byteLength(name) + Buffer.byteLength(value) <= MOST_VARIABLE_BYTES) continue;
    throw new BottleError(
      "launch/failed",
      `the variable ${name} is too long: no program can be given more than 128 KiB`,
      {
        hint: "put the value into a file of the workspace instead",
      },
    );
  }
  return new Map(variables);
}

function expose(value: string | SecretValue): string {
  return value instanceof SecretValue ? value.expose("environment of a command in its bottle") : value;
}

/** When a new size is told once more, `ms` */
const TOLD_AGAIN_MS = [250, 1000, 3000];

type Started = {
  readonly child: Child;
  readonly streams: GuestStreams;
  readonly marks: MarkedStream;
  close(): void;
};

async function start(
  argv: readonly [string, ...string[]],
  mark: string,
  env: Readonly<Record<string, string | undefined>>,
  terminal: GuestCommand["terminal"],
): Promise<Started> {
  if (terminal === undefined) {
    const child = startProcess(argv, { env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const { stdin, stdout, stderr } = child;
    if (stdin === null || stdout === null || stderr === null) throw new Error("pipes were asked for");
    stdin.on("error", () => {});
    const marks = splitMarks(stderr, mark, { echoes: false });
    const kept = stdout.pipe(new PassThrough()); // what nobody reads yet, Node throws away at the end of a child
    return { child, streams: { kind: "pipes", stdin, stdout: kept, stderr: marks.rest }, marks, close: () => {} };
  }
  const pty: Pty = await openPty(terminal);
  const { slaveFd } = pty;
  const child = startProcess(argv, { env, stdio: [slaveFd, slaveFd, slaveFd], detached: true });
  pty.closeSlave();
  const marks = splitMarks(pty.output, mark, { echoes: true });
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
  const streams = { kind: "terminal", terminal: { input: pty.input, output: marks.rest, resize } } as const;
  return { child, streams, marks, close: () => pty.close() };
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
