import { closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { Readable, type Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { BottleError, systemErrorCode } from "./errors.ts";
import { makeNonBlockingWriter } from "./non-blocking-writer.ts";
import { type NativePty, parseNativePty } from "./parse-native-pty.ts";

/** A pseudo-terminal: what we write to `input` is typed there, what is printed there comes out of `output`. */
export type Pty = {
  /** The end for the child: its standard input, output and error; close it here once the child has it */
  readonly slaveFd: number;
  /** Closes our copy of the child's end, so that the output ends with the child; twice is no error. */
  closeSlave(): void;
  readonly input: Writable;
  /** Ends when the last process that has the child's end is gone */
  readonly output: Readable;
  /** Changes the size and tells the programs inside (SIGWINCH). */
  resize(columns: number, rows: number): void;
  /** Gives everything back; programs inside get SIGHUP. Twice is no error. */
  close(): void;
};

/** Opens a pseudo-terminal. Throws `terminal/no-pty` when the native module cannot be used. */
export async function openPty(size: { readonly columns: number; readonly rows: number }): Promise<Pty> {
  const native = loadNative();
  const { columns, rows } = clampSize(size);
  const ends = native.open(columns, rows);
  if (ends === undefined) throw noPty("this version of @lydell/node-pty is not the one that was tested");
  const master = new ReadStream(ends.master);
  try {
    // The end for the child is opened anew: the native one is non-blocking, which many programs cannot bear.
    const slaveFd = openSync(ends.path, constants.O_RDWR | constants.O_NOCTTY);
    return makePty(native, ends.master, master, slaveFd);
  } catch (error) {
    master.destroy();
    throw error;
  } finally {
    closeSync(ends.slave);
  }
}

function makePty(native: NativePty, masterFd: number, master: ReadStream, slaveFd: number): Pty {
  let open = true;
  let slaveOpen = true;
  const closeSlave = () => {
    if (!slaveOpen) return;
    slaveOpen = false;
    closeSync(slaveFd);
  };
  // Not the module's stream: libuv blocks the whole process when a program inside does not read what is typed.
  const input = makeNonBlockingWriter(masterFd);
  const close = () => {
    open = false;
    closeSlave();
    input.destroy();
    master.destroy();
  };
  const output = makeOutput(master, () => {
    open = false; // the descriptor is gone: another file may get its number
    input.destroy();
  });
  const resize = (columns: number, rows: number) => {
    if (!open) return;
    const size = clampSize({ columns, rows });
    native.resize(masterFd, size.columns, size.rows);
  };
  return { slaveFd, closeSlave, input, output, resize, close };
}

function makeOutput(master: ReadStream, onClose: () => void): Readable {
  const output = new Readable({ read: () => void master.resume(), destroy: (error, done) => done(error) });
  let ended = false;
  const end = () => {
    if (!ended && !output.destroyed) output.push(null);
    ended = true;
  };
  master.on("data", (chunk: Buffer) => {
    if (!ended && !output.push(chunk)) master.pause();
  });
  master.on("error", (error) => {
    if (systemErrorCode(error) === "EIO") end();
    else output.destroy(error);
  });
  master.once("end", end);
  master.once("close", () => {
    onClose();
    end();
  });
  return output;
}

/** Not the package's own `open`: its streams lose track of descriptors and throw at the normal end of a terminal. */
function loadNative(): NativePty {
  try {
    const requireHere = createRequire(import.meta.url);
    const requireThere = createRequire(requireHere.resolve("@lydell/node-pty"));
    const module: unknown = requireThere(`@lydell/node-pty-${platform()}-${arch()}/pty.node`);
    const native = parseNativePty(module);
    if (native !== undefined) return native;
  } catch (cause) {
    throw noPty("its native module cannot be loaded", cause);
  }
  throw noPty("this version of @lydell/node-pty is not the one that was tested");
}

function noPty(why: string, cause?: unknown): BottleError {
  return new BottleError("terminal/no-pty", `no pseudo-terminal can be opened: ${why}`, {
    hint: "reinstall without --omit=optional (npm install -g bot-bottle), or run the command with --headless",
    cause,
  });
}

/** Both within what a terminal's size can hold; a terminal that reports none has 80 × 24. */
function clampSize(size: { readonly columns: number; readonly rows: number }) {
  return { columns: clamp(size.columns, 80), rows: clamp(size.rows, 24) };
}

function clamp(value: number, absent: number): number {
  return Number.isInteger(value) && value > 0 ? Math.min(value, 65_535) : absent;
}
