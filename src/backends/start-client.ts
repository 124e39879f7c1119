import { PassThrough } from "node:stream";
import { BottleError } from "../base/errors.ts";
import { type Child, startProcess } from "../base/process.ts";
import { openPty, type Pty } from "../base/pty.ts";
import { SecretValue } from "../base/secret-value.ts";
import type { GuestCommand, GuestStreams } from "./backend.ts";
import { type MarkedStream, splitMarks } from "./marked-stream.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Most bytes of a variable with its name that Linux gives to a program */
const MOST_VARIABLE_BYTES = 128 * 1024 - 2;

/** Variables of a command: those of every command, which its own may replace. */
export function collectVariables(
  own: ReadonlyMap<string, string>,
  { env, terminal }: Pick<GuestCommand, "env" | "terminal">,
): ReadonlyMap<string, string> {
  const all = new Map<string, string | SecretValue>([...own, ...env]);
  if (terminal !== undefined) all.set("TERM", terminal.term);
  const variables = [...all].filter(([name]) => NAME.test(name)).map(([name, value]) => [name, expose(value)] as const);
  for (const [name, value] of variables) {
    if (Buffer.byteLength(name) + Buffer.byteLength(value) <= MOST_VARIABLE_BYTES) continue;
    throw new BottleError(
      "launch/failed",
      `the variable ${name} is too long: no program can be given more than 128 KiB`,
      { hint: "put the value into a file of the workspace instead" },
    );
  }
  return new Map(variables);
}

function expose(value: string | SecretValue): string {
  return value instanceof SecretValue ? value.expose("environment of a command in its bottle") : value;
}

/** When a new size is told once more, `ms` */
const TOLD_AGAIN_MS = [250, 1000, 3000];

/** A program that brings a launcher into a guest and carries its streams. */
export type Client = {
  readonly child: Child;
  readonly streams: GuestStreams;
  readonly marks: MarkedStream;
  close(): void;
};

/** Starts it, with pipes or on a terminal of its own. */
export async function startClient(
  argv: readonly [string, ...string[]],
  mark: string,
  env: Readonly<Record<string, string | undefined>>,
  terminal: GuestCommand["terminal"],
): Promise<Client> {
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
