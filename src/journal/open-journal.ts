import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import { BottleError } from "../base/errors.ts";
import { fileError } from "../base/files.ts";
import type { Slug } from "../base/ids.ts";
import type { Scope } from "../base/scope.ts";
import { type ChainEnd, extendChain, makeEntry, renderLine, sha256 } from "./chain.ts";
import type { JournalEvent } from "./event.ts";
import { splitLines } from "./read-journal.ts";
import type { Redact } from "./redact.ts";
import { verifyChain } from "./verify-chain.ts";

/** The journal of one bottle, open for its one writer. */
export type Journal = {
  /**
   * Adds an event; resolves when its line is in the file. Events keep the order of the calls. After the first failure every
   * further call fails in the same way.
   */
  write(event: JournalEvent): Promise<void>;
  /** Where the chain has reached, to be kept with the record of the bottle. */
  end(): ChainEnd;
  /** Aborted, with the error as its reason, when the journal cannot be written any more: who depends on it stops then */
  readonly failure: AbortSignal;
  /** Waits for what was written and brings it to the disk, for a journal that is kept. */
  sync(): Promise<void>;
  /** Waits for what was written and closes the file; doing it twice is no error. */
  close(): Promise<void>;
};

/** What a journal is opened with. */
export type JournalOptions = {
  readonly path: string;
  readonly slug: Slug;
  readonly clock: Clock;
  readonly redact: Redact;
};

const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a bottle's journal, a new one or one to be continued, and closes it with the scope. Throws when what is there is not intact. */
export async function openJournal(options: JournalOptions, scope: Scope): Promise<Journal> {
  const file = await openFile(options.path);
  scope.defer(`close ${options.path}`, () => file.close());
  const writer = new Writer(file, options);
  await writer.resume();
  const journal: Journal = {
    write: (event) => writer.write(event),
    end: () => writer.end,
    failure: writer.failure,
    sync: () => writer.sync(),
    close: () => writer.close(),
  };
  scope.defer(`finish ${options.path}`, () => journal.close());
  return journal;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, FLAGS, 0o600);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw fileError(error, "write", path);
  }
  throw new BottleError("bottle/state-damaged", `${path} is not a file`);
}

class Writer {
  readonly #file: FileHandle;
  readonly #options: JournalOptions;
  readonly #failed = new AbortController();
  #end: ChainEnd = { length: 0, hash: "" };
  #size = 0;
  #last: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(file: FileHandle, options: JournalOptions) {
    this.#file = file;
    this.#options = options;
  }

  get end(): ChainEnd {
    return this.#end;
  }

  get failure(): AbortSignal {
    return this.#failed.signal;
  }

  /** Finds the end of the chain; a line that a crash cut short is ended, and the next entry says so. */
  async resume(): Promise<void> {
    const { path, slug } = this.#options;
    const bytes = await this.#file.readFile();
    this.#size = bytes.length;
    const text = bytes.toString("utf8");
    const lines = splitLines(text);
    const verdict = verifyChain(lines, { slug });
    if (verdict.kind === "broken") {
      throw new BottleError("bottle/state-damaged", `the journal ${path} is not what was written: ${verdict.detail}`, {
        hint: "keep it for an investigation, and start a new bottle",
      });
    }
    this.#end = verdict.end;
    const lineEnd = text === "" || text.endsWith("\n") ? "" : "\n";
    if (verdict.kind === "intact") return lineEnd === "" ? undefined : await this.#append(lineEnd);
    const torn = lines.slice(verdict.line - 1).join("\n");
    await this.#appendEntry({ kind: "torn", bytes: Buffer.byteLength(torn), sha256: sha256(torn) }, lineEnd);
  }

  write(event: JournalEvent): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new Error("the journal is closed"));
    const time = this.#options.clock.now();
    const redacted = this.#options.redact(event);
    const written = this.#last.then(() => this.#appendEntry(redacted, "", time));
    this.#last = written.catch(() => {}); // the caller has the failure; so has everybody who listens to `failure`
    return written;
  }

  async sync(): Promise<void> {
    await this.#last;
    try {
      await this.#file.sync();
    } catch (error) {
      throw fileError(error, "write", this.#options.path);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#last.then(() => this.#file.close());
    return this.#closed;
  }

  async #appendEntry(event: JournalEvent, before: string, time = this.#options.clock.now()): Promise<void> {
    const entry = makeEntry(this.#end, time, event);
    await this.#append(`${before}${renderLine(entry)}\n`);
    this.#end = extendChain(entry);
  }

  async #append(text: string): Promise<void> {
    this.#failed.signal.throwIfAborted();
    try {
      const { size } = await this.#file.stat();
      if (size !== this.#size) throw foreignWriter(this.#options.path);
      await this.#file.appendFile(text);
      this.#size += Buffer.byteLength(text);
    } catch (error) {
      const failure = fileError(error, "write", this.#options.path);
      this.#failed.abort(failure);
      throw failure;
    }
  }
}

function foreignWriter(path: string): BottleError {
  return new BottleError("bottle/state-damaged", `something else has changed the journal ${path}`, {
    hint: "only the process that holds a bottle writes its journal",
  });
}
