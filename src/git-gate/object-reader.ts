import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { endGroup } from "../base/process.ts";
import { type GitEnv, startGit } from "./git-process.ts";

/** A git object as it is stored. */
export type GitObject = { readonly id: string; readonly type: string; readonly size: number; readonly bytes: Buffer };

/** Longest line that says what object follows */
const MOST_LINE = 512;

/**
 * Reads objects one after the other, in the order of `ids`, through one git command. Never more than one is in memory.
 * Throws for one that is not there.
 */
export async function* readObjects(ids: readonly string[], folder: string, env: GitEnv): AsyncGenerator<GitObject> {
  if (ids.length === 0) return;
  const child = startGit(["cat-file", "--batch", "--buffer"], {
    cwd: folder,
    env: { GIT_DIR: folder, ...env },
    pipes: 3,
  });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error("git cat-file has no pipes");
  stderr.resume();
  // a reader that ends early is seen below
  pipeline(Readable.from(inChunks(ids)), stdin).catch(() => {});
  try {
    yield* splitObjects(stdout);
  } finally {
    endGroup(child);
  }
}

const NOTHING = Buffer.alloc(0);
const CHUNK = 1_000;

function* inChunks(ids: readonly string[]): Generator<string> {
  for (let at = 0; at < ids.length; at += CHUNK) yield `${ids.slice(at, at + CHUNK).join("\n")}\n`;
}

/** Cuts the output of `git cat-file --batch` into objects. */
export async function* splitObjects(output: AsyncIterable<Buffer>): AsyncGenerator<GitObject> {
  const source = new Source(output);
  for (;;) {
    // what is there already is taken at once: waiting takes longer than reading a small file
    const line = source.tryLine() ?? (await source.line());
    if (line === undefined) return;
    const [id = "", type = "", length] = line.split(" ");
    const size = Number(length);
    if (length === undefined || !Number.isSafeInteger(size)) throw new Error(`git cat-file: ${line}`);
    const bytes = source.tryTake(size + 1) ?? (await source.take(size + 1));
    yield { id, type, size, bytes: bytes.subarray(0, size) };
  }
}

/** Bytes that are taken in pieces of other sizes than they come in. */
class Source {
  readonly #iterator: AsyncIterator<Buffer>;
  #piece: Buffer = NOTHING;
  /** What of it was taken, bytes */
  #taken = 0;

  constructor(output: AsyncIterable<Buffer>) {
    this.#iterator = output[Symbol.asyncIterator]();
  }

  /** A line, without waiting for it. */
  tryLine(): string | undefined {
    const end = this.#piece.indexOf(10, this.#taken);
    if (end === -1) return undefined;
    const line = this.#piece.toString("latin1", this.#taken, end);
    this.#taken = end + 1;
    return line;
  }

  async line(): Promise<string | undefined> {
    for (let line = this.tryLine(); ; line = this.tryLine()) {
      if (line !== undefined) return line;
      const rest = this.#piece.subarray(this.#taken);
      if (rest.length > MOST_LINE) throw new Error("git cat-file: a line without end");
      if (!(await this.#more())) return undefined;
      if (rest.length > 0) this.#piece = Buffer.concat([rest, this.#piece]);
    }
  }

  /** So many bytes, without waiting for them. */
  tryTake(size: number): Buffer | undefined {
    if (this.#piece.length - this.#taken < size) return undefined;
    this.#taken += size;
    return this.#piece.subarray(this.#taken - size, this.#taken);
  }

  async take(size: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = size; ; ) {
      const part = this.tryTake(Math.min(left, this.#piece.length - this.#taken)) ?? NOTHING;
      pieces.push(part);
      left -= part.length;
      if (left === 0) return Buffer.concat(pieces);
      if (!(await this.#more())) throw new Error("git cat-file ended in the middle of an object");
    }
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#iterator.next();
    if (done === true) return false;
    this.#piece = value;
    this.#taken = 0;
    return true;
  }
}
