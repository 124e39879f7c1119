import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BottleError } from "../../base/errors.ts";
import { type Exit, makeExit } from "../../base/process.ts";
import type { GuestCommand, GuestProcess } from "../backend.ts";
import { explainMark, parseExit } from "../launch-result.ts";
import { COMMAND_VARIABLE, renderOrders } from "../launcher.ts";
import type { Said } from "../marked-stream.ts";
import { collectVariables, startClient } from "../start-client.ts";
import { type ExecParts, makeExecArgs } from "./args.ts";
import type { MachineHolder } from "./control.ts";
import { errorWords, explainWords, type Smolvm } from "./smolvm.ts";

/** What starting a command in a machine needs. */
export type LaunchParts = {
  readonly smolvm: Smolvm;
  readonly holder: Pick<MachineHolder, "signal" | "watch" | "exit">;
  readonly machine: Pick<ExecParts, "name" | "user" | "path">;
  /** Variables of every command, which its own may replace */
  readonly env: ReadonlyMap<string, string>;
};

/** A command that runs, and the way to let go of it. */
export type RunningCommand = { readonly process: GuestProcess; close(): void };

/** Time in which the end of a machine is noticed after that of a command in it, `ms` */
const LATE_MS = 100;

/** Starts a command in a machine; resolves when it runs and throws `launch/…` when it cannot. */
export async function startGuestProcess(parts: LaunchParts, command: GuestCommand): Promise<RunningCommand> {
  const { smolvm, holder, machine } = parts;
  const { terminal } = command;
  const orders = renderOrders(collectVariables(parts.env, command), command);
  const mark = randomBytes(8).toString("hex");
  const argv = [smolvm.command, ...makeExecArgs({ ...machine, mark, terminal })] as const;
  const { child, streams, marks, close } = await startClient(argv, mark, smolvm.env, terminal);
  const exit = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve(tellEnd(parseExit(makeExit(code, signal)), holder.exit)));
    child.once("error", () => resolve({ kind: "code", code: 127 }));
  });
  if (await marks.waits) (streams.kind === "pipes" ? streams.stdin : streams.terminal.input).write(orders);
  const said = await marks.said;
  const pid = Number(said.mark);
  if (said.mark === undefined || !Number.isInteger(pid)) {
    await exit;
    close();
    throw explain(said, command.argv[0] ?? "", command.cwd);
  }
  holder.watch(pid, `${COMMAND_VARIABLE}=${mark}`);
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  const kill = (signal: NodeJS.Signals) => {
    if (!ended) holder.signal(pid, signal);
  };
  return {
    process: { ...streams, exit, kill },
    close: () => {
      child.kill("SIGKILL");
      close();
    },
  };
}

/** smolvm ends with 1 when its machine is gone, which is also an exit code of commands. */
async function tellEnd(exit: Exit, gone: Promise<void>): Promise<Exit> {
  if (exit.kind === "signal" || exit.code !== 1) return exit;
  const isGone = await Promise.race([gone.then(() => true), sleep(LATE_MS, false)]);
  return isGone ? { kind: "signal", signal: "SIGKILL" } : exit;
}

function explain({ mark, words }: Said, program: string, cwd: string): BottleError {
  const failure = mark === undefined ? undefined : explainMark(mark, program, cwd);
  if (failure !== undefined) {
    return new BottleError(failure.code, failure.message, failure.hint === undefined ? {} : { hint: failure.hint });
  }
  const told = errorWords(words) || "smolvm ended without a word";
  return new BottleError("launch/failed", `${program} was not started: ${told}`, {
    hint: explainWords(told) ?? "`bottle doctor` checks smolvm",
  });
}
