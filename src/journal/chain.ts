import { createHash } from "node:crypto";
import { renderCanonicalJson } from "../base/canonical-json.ts";
import type { Slug } from "../base/ids.ts";
import type { JournalEntry, JournalEvent } from "./event.ts";

/** The end of a chain: all that the next entry needs to know of those before it. */
export type ChainEnd = {
  /** Number of entries */
  readonly length: number;
  /** Hash of the last entry; of the slug when there is none */
  readonly hash: string;
};

/** The chain of a bottle before anything happened to it. */
export function makeEmptyChain(slug: Slug): ChainEnd {
  return { length: 0, hash: sha256(slug) };
}

/** The entry that follows the end of a chain. */
export function makeEntry(end: ChainEnd, time: Date, event: JournalEvent): JournalEntry {
  const content = { seq: end.length, time: time.toISOString(), event, prev: end.hash };
  return { ...content, hash: hashEntry(content) };
}

/** The chain with one entry more. */
export function extendChain(entry: JournalEntry): ChainEnd {
  return { length: entry.seq + 1, hash: entry.hash };
}

/** An entry as its line in the file, without the line end. */
export function renderLine(entry: JournalEntry): string {
  return renderCanonicalJson(entry);
}

/** The hash that binds an entry's content to its place; `content` is everything but the hash. */
export function hashEntry(content: object): string {
  return sha256(renderCanonicalJson(content));
}

/** SHA-256 of a text in UTF-8, hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
