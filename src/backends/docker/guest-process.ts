import { randomBytes } from "node:crypto";
import { BottleError } from "../../base/errors.ts";
import { type Engine, engineWords, explainWords } from "../../images/engine.ts";
import type { GuestCommand, GuestProcess } from "../backend.ts";
import { explainMark } from "../launch-result.ts";
import { COMMAND_VARIABLE, renderOrders } from "../launcher.ts";
import type { Said } from "../marked-stream.ts";
import { collectVariables } from "../start-client.ts";
import type { ExecParts } from "./args.ts";
import type { ContainerCalls, Holder } from "./container-calls.ts";

/** What starting a command in a container needs. */
export type LaunchParts = {
  readonly engine: Engine;
  readonly calls: ContainerCalls;
  readonly holder: Pick<Holder, "signal" | "watch" | "exit">;
  readonly container: Pick<ExecParts, "name" | "user" | "path">;
  /** Variables of every command, which its own may replace */
  readonly env: ReadonlyMap<string, string>;
};

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
  const { engine, calls, holder, container } = parts;
  const mark = randomBytes(8).toString("hex");
  const client = await calls.launch({ ...container, mark, terminal }, terminal);
  const { streams, marks, exit, close } = client;
  // some runtimes lose the end of a command together with its container
  void holder.exit.then(() => setTimeout(() => client.kill(), LATE_MS).unref());
  const launch = async (command: GuestCommand): Promise<RunningCommand> => {
    const orders = renderOrders(collectVariables(parts.env, command), command);
    const { columns, rows } = command.terminal ?? {};
    const isResized = columns !== terminal?.columns || rows !== terminal?.rows; // a size that it has, told late, would be a signal
    if (streams.kind === "terminal" && columns !== undefined && rows !== undefined && isResized) {
      streams.terminal.resize(columns, rows);
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
      client.kill();
      close();
    },
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
