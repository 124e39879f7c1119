import { Readable, type Stream, Writable } from "node:stream";
import { type Child, type Exit, makeExit, startProcess } from "../../base/process.ts";

/** One entry of a child's descriptors, as Node takes it. */
export type StdioEntry = "pipe" | "ignore" | "ipc" | number | Stream;

/** A child that got exactly the descriptors and variables it was given. */
export type SealedProcess = {
  readonly child: Child;
  /** Resolves once when it has ended, also when it could not be started */
  readonly exit: Promise<Exit>;
};

/** Starts a chain of programs in the root folder, with nothing inherited. Must run on the main thread: bottles die with it. */
export function startSealed(
  argv: readonly [string, ...string[]],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly stdio: readonly StdioEntry[];
    readonly detached: boolean;
  },
): SealedProcess {
  const { env, stdio, detached } = options;
  const child = startProcess(argv, { env, cwd: "/", stdio: [...stdio], detached });
  const exit = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve(makeExit(code, signal)));
    child.once("error", () => resolve({ kind: "code", code: 127 })); // the program vanished since it was found
  });
  return { child, exit };
}

/** The stream at a descriptor that was asked for as a pipe to read. */
export function readableAt(child: Child, fd: number): Readable {
  const stream = child.stdio[fd];
  if (stream instanceof Readable) return stream;
  throw new Error(`descriptor ${fd} is no stream to read`);
}

/** The stream at a descriptor that was asked for as a pipe to write; a reader that goes away is no error. */
export function writableAt(child: Child, fd: number): Writable {
  const stream = child.stdio[fd];
  if (!(stream instanceof Writable)) throw new Error(`descriptor ${fd} is no stream to write`);
  return stream.on("error", () => {});
}
