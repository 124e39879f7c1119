import { once } from "node:events";
import type { GuestTerminal } from "../backends/backend.ts";
import type { Input } from "../base/context.ts";
import type { Exit } from "../base/process.ts";
import { findDroppedImages, renderPaste } from "./dropped-images.ts";
import type { TerminalGuard } from "./guard.ts";
import { makeOutputFilter, type OutputFilter } from "./output-filter.ts";
import { ASK_FOR_SIGN, restoreScreen, SIGN } from "./restore-sequences.ts";

/** Time for the rest of the output once the command has ended, `ms` */
const DRAIN_MS = 1000;
/** Time for what the terminal still has to say once the command has ended, `ms` */
const SIGN_MS = 500;

/** The operator's screen; it may also say when it can take more, and that it is gone. */
type TerminalOutput = {
  write(bytes: string | Uint8Array): boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on?(event: "drain" | "error", listener: (error?: Error) => void): unknown;
  off?(event: "drain" | "error", listener: (error?: Error) => void): unknown;
};

/** What is joined: a bottle's own terminal and the operator's. */
export type Attachment = {
  readonly guest: GuestTerminal;
  readonly stdin: Input;
  readonly stdout: TerminalOutput;
  /** Calls back on each change of the operator's terminal size until the returned function is called. */
  onResize(listener: () => void): () => void;
  /** Calls back each time the program goes on in the foreground after it was stopped, until the returned function is called. */
  onContinue?(listener: () => void): () => void;
  /** The end of the command inside */
  readonly exit: Promise<Exit>;
  /** Switches the operator's terminal to raw mode */
  readonly openGuard: () => Promise<TerminalGuard>;
  /**
   * Puts image files that were dropped on the terminal into the bottle and gives their paths there; undefined when that
   * cannot be, and then what was pasted is passed on as it is
   */
  readonly giveImages?: (paths: readonly string[]) => Promise<readonly string[] | undefined>;
  /** Ends the attachment from outside */
  readonly signal?: AbortSignal;
};

/** How an attachment ended; except after `exited` the command still runs and is the caller's to stop. */
export type AttachEnd =
  | { readonly kind: "exited"; readonly exit: Exit }
  | { readonly kind: "hung-up" }
  | { readonly kind: "aborted"; readonly reason: unknown };

/**
 * Joins the two terminals until the command ends, the operator's terminal hangs up or the signal is aborted. However it
 * ends, also by a throw, the operator's terminal is afterwards as it was before.
 */
export async function attachTerminal(attachment: Attachment): Promise<AttachEnd> {
  const guard = await attachment.openGuard();
  try {
    return await join(attachment, guard);
  } finally {
    await guard.leave();
  }
}

async function join(attachment: Attachment, guard: TerminalGuard): Promise<AttachEnd> {
  const filter = makeOutputFilter();
  const input = joinInput(attachment);
  const output = joinOutput(attachment, filter, guard);
  const stopFollowing = followSize(attachment);
  const stopWaiting = attachment.onContinue?.(() => guard.again());
  const over = new AbortController();
  const hungUp = Promise.race([input.gone, output.gone]).then(() => ({ kind: "hung-up" }) as const);
  try {
    const end = await Promise.race([
      attachment.exit.then((exit) => ({ kind: "exited", exit }) as const),
      hungUp,
      aborted(attachment.signal, over.signal),
    ]);
    if (end.kind === "exited") await atMost(DRAIN_MS, Promise.race([output.ended, hungUp]));
    return end;
  } finally {
    over.abort();
    stopFollowing();
    stopWaiting?.();
    output.stop();
    await sayGoodbye(attachment, filter, input.swallowUntil(filter.signsAsked() + 1), hungUp);
    input.stop();
  }
}

/** Sets the screen back, and swallows what the terminal has still to say, so that no shell reads it as a command. */
async function sayGoodbye(
  { stdout }: Attachment,
  filter: OutputFilter,
  signSeen: Promise<void>,
  hungUp: Promise<unknown>,
): Promise<void> {
  stdout.write(filter.end());
  stdout.write(restoreScreen(filter.screen()));
  if (!filter.expectsAnswers()) return;
  stdout.write(ASK_FOR_SIGN);
  await atMost(SIGN_MS, Promise.race([signSeen, hungUp]));
}

/** What is typed goes to the bottle, as fast as it takes it. */
function joinInput({ stdin, guest, giveImages }: Attachment) {
  const gone = defer();
  const seen = defer();
  const signs = countSigns();
  let last: number | undefined;
  const write = (bytes: Uint8Array | string) => {
    if (last === undefined && !guest.input.destroyed && !guest.input.write(bytes)) stdin.pause();
  };
  const pass = giveImages === undefined ? write : swapDroppedImages(write, giveImages);
  const take = (chunk: Buffer) => {
    const count = signs(chunk);
    if (last === undefined) pass(chunk);
    else if (count >= last) seen.resolve();
  };
  const more = () => void stdin.resume();
  const ignore = () => {}; // the bottle's terminal is closed: its exit tells
  const hungUp = () => gone.resolve();
  stdin.on("data", take).on("end", hungUp).on("close", hungUp).on("error", hungUp);
  guest.input.on("drain", more).on("error", ignore);
  stdin.resume(); // a question that was asked before leaves it paused, and a listener alone does not undo that
  return {
    gone: gone.promise,
    /** From now on the bottle is sent nothing; resolves at the sign of this number, those before now counted. */
    swallowUntil: (sign: number): Promise<void> => {
      last = sign;
      stdin.resume();
      return seen.promise;
    },
    stop: () => {
      stdin.off("data", take).off("end", hungUp).off("close", hungUp).off("error", hungUp).pause();
      guest.input.off("drain", more);
    },
  };
}

/** Passes on what is typed, in its order; what follows a paste of images waits until they are in the bottle. */
function swapDroppedImages(
  write: (bytes: Uint8Array | string) => void,
  giveImages: NonNullable<Attachment["giveImages"]>,
): (chunk: Buffer) => void {
  let waiting: Buffer[] | undefined;
  const pass = (chunk: Buffer): void => {
    const found = waiting === undefined ? findDroppedImages(chunk) : undefined;
    if (waiting !== undefined) waiting.push(chunk);
    else if (found === undefined) write(chunk);
    if (found === undefined) return;
    const { before, paths, after } = found;
    if (before.length > 0) write(before);
    waiting = after.length > 0 ? [after] : [];
    const goOn = (given: readonly string[] | undefined) => {
      const pasted = chunk.subarray(before.length, chunk.length - after.length);
      write(given === undefined ? pasted : renderPaste(given.join(" ")));
      const rest = Buffer.concat(waiting ?? []);
      waiting = undefined;
      if (rest.length > 0) pass(rest);
    };
    giveImages(paths).then(goOn, () => goOn(undefined));
  };
  return pass;
}

/** Counts the terminal's signs in what it sends, also one that is cut: the bottle may have asked for some itself. */
function countSigns(): (chunk: Buffer) => number {
  let count = 0;
  let rest = "";
  return (chunk) => {
    const text = rest + chunk.toString("latin1");
    count += text.split(SIGN).length - 1;
    rest = text.slice(1 - SIGN.length);
    return count;
  };
}

/** What the bottle prints goes through the filter to the screen, as fast as that takes it. */
function joinOutput({ stdout, guest }: Attachment, filter: OutputFilter, guard: TerminalGuard) {
  const gone = defer();
  const take = (chunk: Uint8Array) => {
    const before = filter.screen();
    const bytes = filter.push(chunk);
    if (filter.screen() !== before) guard.shows(filter.screen());
    if (bytes.length > 0 && !stdout.write(bytes) && stdout.on !== undefined) guest.output.pause();
  };
  const more = () => void guest.output.resume();
  const hungUp = () => gone.resolve();
  const ended = guest.output.readableEnded ? Promise.resolve() : once(guest.output, "close").then(() => {});
  ended.catch(() => {}); // a broken output is an ended one
  stdout.on?.("drain", more);
  stdout.on?.("error", hungUp);
  guest.output.on("data", take);
  let stopped = false;
  return {
    gone: gone.promise,
    ended: ended.catch(() => {}),
    stop: () => {
      if (stopped) return;
      stopped = true;
      guest.output.off("data", take);
      stdout.off?.("drain", more);
      // the handler for errors stays: a terminal that hung up may say so later
    },
  };
}

/** The bottle's terminal has the size of the operator's, from the start. */
function followSize({ stdout, guest, onResize }: Attachment): () => void {
  const resize = () => {
    if (stdout.columns !== undefined && stdout.rows !== undefined) guest.resize(stdout.columns, stdout.rows);
  };
  resize();
  return onResize(resize);
}

function aborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<AttachEnd> {
  return new Promise((resolve) => {
    const abort = () => resolve({ kind: "aborted", reason: signal?.reason });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { signal: over });
  });
}

function defer() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
