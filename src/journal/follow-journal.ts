import { type FileHandle, open, stat } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { systemErrorCode } from "../base/errors.ts";
import { fileError } from "../base/files.ts";
import { type JournalItem, parseEntry } from "./parse-entry.ts";

/** What a follower meets: a line, or that the file is not the one it was reading. */
export type FollowedItem = JournalItem | { readonly kind: "replaced" } | { readonly kind: "truncated" };

/** How a journal is followed. */
export type FollowOptions = {
  readonly signal: AbortSignal;
  /** Time between two looks at the file, `ms` */
  readonly intervalMs?: number;
};

const DEFAULT_INTERVAL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

type Reader = {
  readonly file: FileHandle;
  readonly inode: number;
  offset: number;
  rest: string;
  decoder: StringDecoder;
};

/**
 * Yields the lines of a journal, those there are and those to come, as `tail -F` would: it waits for a file that is not there
 * yet, starts anew in one that was replaced or cut, and ends when the file is removed or the signal is aborted. A line is
 * yielded once its end is written.
 */
export async function* followJournal(path: string, options: FollowOptions): AsyncGenerator<FollowedItem, void, void> {
  let reader: Reader | undefined;
  try {
    while (!options.signal.aborted) {
      reader ??= await openReader(path);
      if (reader !== undefined) {
        yield* readLines(reader, options.signal);
        const change = await lookAt(path, reader);
        if (change === "removed") return;
        if (change === "truncated") {
          Object.assign(reader, { offset: 0, rest: "", decoder: new StringDecoder("utf8") });
          yield { kind: "truncated" };
          continue;
        }
        if (change === "replaced") {
          await reader.file.close();
          reader = undefined;
          yield { kind: "replaced" };
          continue;
        }
      }
      await pause(options);
    }
  } finally {
    await reader?.file.close();
  }
}

async function openReader(path: string): Promise<Reader | undefined> {
  try {
    const file = await open(path, "r");
    return { file, inode: (await file.stat()).ino, offset: 0, rest: "", decoder: new StringDecoder("utf8") };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw fileError(error, "read", path);
  }
}

async function* readLines(reader: Reader, signal: AbortSignal): AsyncGenerator<JournalItem, void, void> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  while (!signal.aborted) {
    const { bytesRead } = await reader.file.read(chunk, 0, chunk.length, reader.offset);
    if (bytesRead === 0) return;
    reader.offset += bytesRead;
    const lines = (reader.rest + reader.decoder.write(chunk.subarray(0, bytesRead))).split("\n");
    reader.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (signal.aborted) return;
      yield parseEntry(line);
    }
  }
}

async function lookAt(path: string, reader: Reader): Promise<"same" | "truncated" | "replaced" | "removed"> {
  try {
    const found = await stat(path);
    if (found.ino !== reader.inode) return "replaced";
    return found.size < reader.offset ? "truncated" : "same";
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT" || systemErrorCode(error) === "ENOTDIR") return "removed";
    throw fileError(error, "read", path);
  }
}

async function pause({ signal, intervalMs }: FollowOptions): Promise<void> {
  try {
    await delay(intervalMs ?? DEFAULT_INTERVAL_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
