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
  const child = startGit(["cat-file", "--batch"], { cwd: folder, env: { GIT_DIR: folder, ...env }, pipes: 3 });
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

const CHUNK = 1_000;

function* inChunks(ids: readonly string[]): Generator<string> {
  for (let at = 0; at < ids.length; at += CHUNK) yield `${ids.slice(at, at + CHUNK).join("\n")}\n`;
}

/** Cuts the output of `git cat-file --batch` into objects. */
export async function* splitObjects(output: AsyncIterable<Buffer>): AsyncGenerator<GitObject> {
  const source = new Source(output);
  for (;;) {
    const line = await source.line();
    if (line === undefined) return;
    const [id = "", type = "", length] = line.split(" ");
    const size = Number(length);
    if (length === undefined || !Number.isSafeInteger(size)) throw new Error(`git cat-file: ${line}`);
    const bytes = await source.take(size + 1);
    yield { id, type, size, bytes: bytes.subarray(0, size) };
  }
}

/** Bytes that are taken in pieces of other sizes than they come in. */
class Source {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(output: AsyncIterable<Buffer>) {
    this.#iterator = output[Symbol.asyncIterator]();
  }

  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end !== -1) {
        const line = this.#rest.toString("latin1", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > MOST_LINE) throw new Error("git cat-file: a line without end");
      if (!(await this.#more())) return undefined;
    }
  }

  async take(size: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let left = size;
    for (;;) {
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      pieces.push(piece);
      left -= piece.length;
      if (left === 0) return pieces.length === 1 ? piece : Buffer.concat(pieces);
      if (!(await this.#more())) throw new Error("git cat-file ended in the middle of an object");
    }
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#iterator.next();
    if (done === true) return false;
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }
}
