import type { FileHandle } from "node:fs/promises";
import { padded, takeEntry } from "../../base/read-tar.ts";

/** Where the content of a file lies within an archive. */
export type Extent = { readonly offset: number; readonly size: number };

/** An archive's files by their names, links followed. */
export type TarIndex = ReadonlyMap<string, Extent>;

/** Finds the files of an archive without reading what they hold. Throws `RangeError` for one that is damaged or cut short. */
export async function indexTar(file: FileHandle): Promise<TarIndex> {
  const { size: end } = await file.stat();
  const files = new Map<string, Extent>();
  const links = new Map<string, string>();
  let at = 0;
  const take = async (size: number): Promise<Buffer | undefined> => {
    if (at >= end) return undefined;
    const bytes = await readExtent(file, { offset: at, size });
    at += size;
    return bytes;
  };
  for (let entry = await takeEntry({ take }); entry !== undefined; entry = await takeEntry({ take })) {
    const path = normalize(entry.path);
    if (entry.kind === "file") {
      if (at + entry.size > end) throw new RangeError("an archive ends within a file");
      files.set(path, { offset: at, size: entry.size });
      at += padded(entry.size);
    } else if (entry.kind === "link" || entry.kind === "hard-link") {
      const from = entry.kind === "link" ? path.split("/").slice(0, -1) : [];
      links.set(path, normalize([...from, entry.target].join("/")));
    }
  }
  // an engine writes a layer that two of its layers share once, and links to it
  for (const [path, target] of links) {
    const extent = files.get(target) ?? files.get(links.get(target) ?? "");
    if (extent !== undefined) files.set(path, extent);
  }
  return files;
}

/** Bytes of an archive. Throws `RangeError` when they are not there. */
export async function readExtent(file: FileHandle, { offset, size }: Extent): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  for (let done = 0; done < size; ) {
    const { bytesRead } = await file.read(bytes, done, size - done, offset + done);
    if (bytesRead === 0) throw new RangeError("an archive ends early");
    done += bytesRead;
  }
  return bytes;
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
