import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Guest, GuestCommand, GuestProcess } from "../backends/backend.ts";
import type { Context } from "../base/context.ts";
import { signalProcess } from "../base/process.ts";
import type { Journal } from "../journal/open-journal.ts";
import { attachTerminal } from "../terminal/attach.ts";
import { openTerminalGuard } from "../terminal/guard.ts";
import { makeOutputFilter } from "../terminal/output-filter.ts";
import { restoreScreen } from "../terminal/restore-sequences.ts";
import { isInForeground } from "./foreground.ts";
import { giveImages } from "./give-images.ts";
import { type Ending, waitForEnd } from "./wait-for-end.ts";

/** Time a command gets to end by itself once it was asked to, `ms` */
const GRACE_MS = 3_000;

/** Runs a command in a guest with the operator's terminal or pipes attached, until its end. */
export async function runCommand(
  context: Context,
  guest: Guest,
  command: GuestCommand,
  options: {
    /** Text that is its standard input, in place of the operator's; only without a terminal */
    readonly input: string | undefined;
    readonly timeMs: number | undefined;
    /** Of the guest */
    readonly home: string;
    readonly journal: Journal;
  },
): Promise<Ending> {
  const running = await guest.exec(command);
  return running.kind === "terminal"
    ? runOnTerminal(context, guest, running, options)
    : runOnPipes(context, guest, running, options);
}

async function runOnTerminal(
  context: Context,
  guest: Guest,
  running: Extract<GuestProcess, { kind: "terminal" }>,
  { timeMs, home, journal }: { readonly timeMs: number | undefined; readonly home: string; readonly journal: Journal },
): Promise<Ending> {
  const { stdin, stdout, signal } = context;
  let images = 0;
  const place = { folder: `${home}/pasted`, nextNumber: () => ++images };
  let hangUp = () => {};
  const hungUp = new Promise<void>((resolve) => {
    hangUp = resolve;
  });
  const attached = attachTerminal({
    guest: running.terminal,
    stdin,
    stdout,
    exit: running.exit,
    // Not the signal: at that moment the stream still has the size from before.
    onResize: (listener) => {
      stdout.on("resize", listener);
      return () => stdout.off("resize", listener);
    },
    onContinue: (listener) =>
      context.onSignal((by) => {
        if (by === "SIGCONT") void continueInForeground(context, listener);
      }),
    openGuard: () => openTerminalGuard({ inputFd: 0, outputFd: 1 }),
    giveImages: (paths) => giveImages(guest, journal, place, paths),
  }).then((end) => {
    if (end.kind === "hung-up") hangUp();
  });
  // A terminal that cannot be attached must not leave a command running that nobody sees.
  attached.catch(() => void guest.stop().catch(() => {})); // the attachment is what is told; the scope stops the guest again
  const ending = await waitForEnd(running, guest, { signal, hangUp: hungUp, timeMs, graceMs: GRACE_MS });
  await attached;
  return ending;
}

/** In the background the terminal is the shell's; once it brings this program back, it says so with another signal. */
async function continueInForeground({ pid }: Context, listener: () => void): Promise<void> {
  if (!(await isInForeground({ pid }))) return;
  listener();
  signalProcess(pid, "SIGWINCH"); // a stopped program is not told of a new size
}

async function runOnPipes(
  context: Context,
  guest: Guest,
  running: Extract<GuestProcess, { kind: "pipes" }>,
  { input, timeMs }: { readonly input: string | undefined; readonly timeMs: number | undefined },
): Promise<Ending> {
  const { stdin, stdout, stderr, signal } = context;
  // A terminal is never read for a headless command: what is typed there is not meant for it.
  if (input !== undefined) running.stdin.end(input);
  else if (stdin.isTTY) running.stdin.end();
  else stdin.pipe(running.stdin);
  running.stdin.on("error", () => {}); // a command may end without reading all of its input
  const streams = [forward(running.stdout, stdout), forward(running.stderr, stderr)];
  const ending = await waitForEnd(running, guest, { signal, hangUp: NEVER, timeMs, graceMs: GRACE_MS });
  await Promise.all(streams);
  stdin.unpipe(running.stdin);
  stdin.destroy(); // an input that stays open must not keep this process
  return ending;
}

const NEVER = new Promise<void>(() => {});

/** Passes bytes on as they are to a pipe or file, and through the filter to a person's terminal. */
async function forward(from: Readable, to: Context["stdout"]): Promise<void> {
  const filter = to.isTTY ? makeOutputFilter({ unattended: true }) : undefined;
  // Nobody reads any more, so nothing ever drains: the command gets to know by a broken pipe of its own.
  const stop = () => from.destroy();
  const resume = () => void from.resume();
  if (to.destroyed) stop();
  to.on("error", stop).on("close", stop).on("drain", resume);
  from.on("data", (chunk: Buffer) => {
    const shown = filter === undefined ? chunk : filter.push(chunk);
    if (!to.write(shown)) from.pause();
  });
  await finished(from).catch(() => {}); // a broken pipe of an ended command is its end
  to.off("error", stop).off("close", stop).off("drain", resume);
  if (filter === undefined || to.destroyed) return;
  to.write(filter.end());
  if (filter.usesSequences()) to.write(restoreScreen(filter.screen()));
}
