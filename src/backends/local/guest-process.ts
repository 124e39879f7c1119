import { fchownSync } from "node:fs";
import type { Readable } from "node:stream";
import { BottleError } from "../../base/errors.ts";
import { type Child, type Exit, signalProcess } from "../../base/process.ts";
import { openPty, type Pty } from "../../base/pty.ts";
import type { SecretValue } from "../../base/secret-value.ts";
import type { GuestCommand, GuestProcess, GuestStreams } from "../backend.ts";
import { collectText } from "./holder.ts";
import { explainLaunchFailure, parseExitCode } from "./output.ts";
import type { OutputPipes } from "./output-pipes.ts";
import { readChildren, readCommandLine, readProcess } from "./proc-table.ts";
import { renderArgs } from "./render-args.ts";
import { readableAt, type SealedProcess, startSealed, writableAt } from "./sealed-process.ts";
import { readStatus, type StatusReader } from "./status-reader.ts";
import { waitUntil } from "./wait-until.ts";

/** A command that runs, and the way to end it with all it started. */
export type RunningCommand = { readonly process: GuestProcess; end(): Promise<void> };

/** What a launch needs; descriptors 3, 4 and 5 carry the arguments, the filter and bubblewrap's reports. */
export type LaunchParts = {
  readonly chain: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly (string | SecretValue)[];
  readonly filter: Uint8Array;
  /** Opens the pipes of a command without a terminal */
  readonly openOutput: () => Promise<OutputPipes>;
  /** Whom a terminal must belong to, so that programs inside can open it by name */
  readonly owner: { readonly uid: number; readonly gid: number };
};

/** The descriptors of a launch. */
export const LAUNCH_DESCRIPTORS = { args: 3, filter: 4, status: 5 } as const;

const START_DEADLINE_MS = 30_000;
const END_DEADLINE_MS = 400;

/** Starts a command in a bottle; resolves when it runs and throws `launch/…` when it cannot. */
export async function startGuestProcess(
  parts: LaunchParts,
  terminal: GuestCommand["terminal"],
): Promise<RunningCommand> {
  const args = renderArgs(parts.args);
  const ends = await openEnds(parts, terminal);
  const sealed = start(parts, ends);
  writableAt(sealed.child, LAUNCH_DESCRIPTORS.args).end(args);
  writableAt(sealed.child, LAUNCH_DESCRIPTORS.filter).end(parts.filter);
  const status = readStatus(readableAt(sealed.child, LAUNCH_DESCRIPTORS.status));
  const streams = makeStreams(sealed.child, ends);
  const pids = { init: undefined as number | undefined, command: undefined as number | undefined };
  const end = async () => {
    await endAll(sealed, pids.init);
    if (ends.kind === "terminal") ends.pty.close();
  };
  try {
    await waitUntilStarted(sealed, status, pids);
  } catch (error) {
    await end();
    throw error;
  }
  const code = status.code();
  const exit = sealed.exit.then((own) => readExit(own, status));
  if (code === undefined && pids.command === undefined) throw await explain(streams, sealed);
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  const kill = (signal: NodeJS.Signals) => {
    if (!ended && pids.command !== undefined) signalProcess(pids.command, signal);
  };
  return { process: { ...streams, exit, kill }, end };
}

/** Both sides of a command's streams, before the child has its side. */
type Ends = { readonly kind: "terminal"; readonly pty: Pty } | { readonly kind: "pipes"; readonly output: OutputPipes };

async function openEnds(parts: LaunchParts, terminal: GuestCommand["terminal"]): Promise<Ends> {
  if (terminal === undefined) {
    return { kind: "pipes", output: await parts.openOutput() };
  }
  const pty = await openPty(terminal);
  fchownSync(pty.slaveFd, parts.owner.uid, parts.owner.gid);
  return { kind: "terminal", pty };
}

function start(parts: LaunchParts, ends: Ends): SealedProcess {
  const more = ["pipe", "pipe", "pipe"] as const;
  if (ends.kind === "pipes") {
    try {
      const stdio = ["pipe", ...ends.output.childFds, ...more] as const;
      return startSealed(parts.chain, { env: parts.env, stdio, detached: true });
    } finally {
      ends.output.closeChild();
    }
  }
  try {
    const { slaveFd } = ends.pty;
    // setsid(1) makes the session, which it cannot do for the leader of a group: not detached
    return startSealed(parts.chain, { env: parts.env, stdio: [slaveFd, slaveFd, slaveFd, ...more], detached: false });
  } finally {
    ends.pty.closeSlave();
  }
}

function makeStreams(child: Child, ends: Ends): GuestStreams {
  if (ends.kind === "terminal") return { kind: "terminal", terminal: ends.pty };
  return { kind: "pipes", stdin: writableAt(child, 0), stdout: ends.output.stdout, stderr: ends.output.stderr };
}

async function waitUntilStarted(
  sealed: SealedProcess,
  status: StatusReader,
  pids: { init: number | undefined; command: number | undefined },
): Promise<void> {
  pids.init = await status.started;
  if (pids.init === undefined) return;
  let over = false;
  void status.closed.then(() => {
    over = true;
  });
  const init = pids.init;
  const started = await waitUntil(async () => {
    if (over) return true;
    pids.command = await findRunningCommand(init);
    return pids.command !== undefined;
  }, START_DEADLINE_MS);
  if (!started) throw new BottleError("launch/failed", "the bottle did not start in time");
  if (over) await sealed.exit;
}

/** The child of the bottle's pid 1, once it has become the command and is no copy of bubblewrap any more. */
async function findRunningCommand(init: number): Promise<number | undefined> {
  const [command] = await readChildren(init);
  if (command === undefined) return undefined;
  const [own, launcher] = await Promise.all([readCommandLine(command), readCommandLine(init)]);
  return own === "" || launcher === "" || own === launcher ? undefined : command;
}

async function explain(streams: GuestStreams, sealed: SealedProcess): Promise<BottleError> {
  const words = await collectText(errorStream(streams));
  const { code, message, hint } = explainLaunchFailure(words, await sealed.exit);
  return new BottleError(code, message, hint === undefined ? {} : { hint });
}

function errorStream(streams: GuestStreams): Readable {
  return streams.kind === "pipes" ? streams.stderr : streams.terminal.output;
}

async function readExit(own: Exit, status: StatusReader): Promise<Exit> {
  await status.closed;
  const code = status.code();
  if (code !== undefined) return parseExitCode(code);
  return own.kind === "code" ? parseExitCode(own.code) : own;
}

/** Kills pid 1 of the bottle, which takes everything with it, and waits until nothing is left. */
async function endAll(sealed: SealedProcess, init: number | undefined): Promise<void> {
  const { child, exit } = sealed;
  const first = init === undefined ? undefined : await readProcess(init);
  const running = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  if (running()) {
    // pid 1 first: bubblewrap's outer process then reaps it and leaves no remains
    if (first === undefined) child.kill("SIGKILL");
    else signalProcess(first.pid, "SIGKILL");
    await waitUntil(() => !running(), END_DEADLINE_MS);
    child.kill("SIGKILL");
    await exit;
  }
  if (first !== undefined) {
    await waitUntil(async () => (await readProcess(first.pid))?.startTicks !== first.startTicks, END_DEADLINE_MS);
  }
}
