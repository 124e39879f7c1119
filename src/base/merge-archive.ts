import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { BottleError, systemErrorCode } from "./errors.ts";
import { fileError } from "./files.ts";
import { readTar, type TarEntry, type TarPart } from "./read-tar.ts";

/** Space that stays free on the disk, whatever a bottle has written. */
const FREE_BYTES = 512 * 1024 * 1024;
const MOST_ENTRIES = 2_000_000;
const DEEPEST = 1000;

/**
 * The same with the results of a bottle, an error about which is one that the operator can act on: `launch/failed` for what
 * is no archive of a folder.
 */
export async function mergeResults(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  whole: () => Promise<boolean>,
): Promise<void> {
  try {
    await mergeArchive(archive, folder, whole);
  } catch (error) {
    if (systemErrorCode(error) !== undefined) throw fileError(error, "write", folder);
    if (!(error instanceof RangeError)) throw error;
    throw new BottleError("launch/failed", `the results of the bottle cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

/** Makes a folder equal to an archive of one; what the archive does not have goes only when it was `whole`. */
export async function mergeArchive(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  whole: () => Promise<boolean>,
): Promise<void> {
  const merge = new Merge(folder);
  try {
    for await (const part of readTar(archive)) merge.take(part);
  } finally {
    merge.endFile();
  }
  merge.finish(await whole());
}

type OpenFile = {
  readonly path: Buffer;
  readonly mode: number;
  /** File that is there already, as long as it is the same so far */
  compared: number | undefined;
  /** What is written instead, once it differs */
  written: number | undefined;
  at: number;
};

class Merge {
  readonly #folder: string;
  readonly #seen = new Map<string, TarEntry["kind"]>();
  readonly #modes: { readonly path: Buffer; readonly mode: number }[] = [];
  #file: OpenFile | undefined;
  #sinceLook = Number.POSITIVE_INFINITY;

  constructor(folder: string) {
    this.#folder = folder;
  }

  take(part: TarPart): void {
    if (part.kind === "data") this.#takeData(part.data);
    else this.#takeEntry(part.entry);
  }

  #takeEntry(entry: TarEntry): void {
    this.endFile();
    const path = relativePath(entry.path);
    if (path === undefined || this.#seen.size > MOST_ENTRIES)
      throw new RangeError("an archive has a path that no folder has");
    if (path === "") return;
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    if (parent !== "" && this.#seen.get(parent) !== "folder")
      throw new RangeError("an archive has a file below no folder");
    if (entry.kind === "other") return;
    if (this.#seen.has(path)) throw new RangeError("an archive has a path twice");
    this.#seen.set(path, entry.kind === "hard-link" ? "file" : entry.kind);
    this.#make(path, entry);
  }

  #make(path: string, entry: TarEntry): void {
    const target = this.#bytes(path);
    const there = lstatSync(target, { throwIfNoEntry: false });
    switch (entry.kind) {
      case "folder":
        if (there?.isDirectory() !== true) {
          remove(target);
          mkdirSync(target, { mode: 0o700 });
        } else chmodSync(target, 0o700); // what is in it must be reached first
        this.#modes.push({ path: target, mode: entry.mode & 0o777 });
        return;
      case "link": {
        const leads = Buffer.from(entry.target, "latin1");
        if (there?.isSymbolicLink() === true && readlinkSync(target, { encoding: "buffer" }).equals(leads)) return;
        remove(target);
        symlinkSync(leads, target);
        return;
      }
      case "hard-link": {
        const original = relativePath(entry.target);
        if (original === undefined || this.#seen.get(original) !== "file")
          throw new RangeError("an archive links to nothing");
        remove(target);
        copyFileSync(this.#bytes(original), target, constants.COPYFILE_EXCL);
        return;
      }
      case "file": {
        const same =
          there?.isFile() === true && there.size === entry.size && (there.mode & 0o777) === (entry.mode & 0o777);
        this.#file = {
          path: target,
          mode: entry.mode & 0o777,
          compared: same ? openToRead(target) : undefined,
          written: undefined,
          at: 0,
        };
        if (this.#file.compared === undefined) this.#startWriting(this.#file);
        return;
      }
      case "other":
        return;
    }
  }

  #takeData(data: Buffer): void {
    const file = this.#file;
    if (file === undefined) throw new RangeError("an archive has content of nothing");
    if (file.compared !== undefined) {
      const own = Buffer.alloc(data.length);
      if (readWhole(file.compared, own, file.at) && own.equals(data)) {
        file.at += data.length;
        return;
      }
      this.#startWriting(file);
    }
    if (file.written === undefined) return;
    this.#refuseFullDisk(data.length);
    for (let at = 0; at < data.length; ) at += writeSync(file.written, data, at);
    file.at += data.length;
  }

  /** The old file's name is given to a new one; what was the same so far is copied from it. */
  #startWriting(file: OpenFile): void {
    const before = file.compared;
    remove(file.path);
    file.written = openSync(
      file.path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    const part = Buffer.alloc(64 * 1024);
    for (let at = 0; before !== undefined && at < file.at; ) {
      const size = readSync(before, part, 0, Math.min(part.length, file.at - at), at);
      if (size === 0) throw new RangeError("a file of the host changed meanwhile");
      at += writeSync(file.written, part, 0, size);
    }
    if (before !== undefined) closeSync(before);
    file.compared = undefined;
  }

  endFile(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file?.compared !== undefined) closeSync(file.compared);
    if (file?.written === undefined) return;
    fchmodSync(file.written, file.mode);
    closeSync(file.written);
  }

  /** Gives the folders their modes and, when nothing is missing, removes what the archive does not have. */
  finish(isWhole: boolean): void {
    if (isWhole) this.#removeOthers();
    for (const { path, mode } of this.#modes.reverse()) {
      if ((lstatSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
    }
  }

  #removeOthers(): void {
    const open = [""];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const entry of readdirSync(this.#bytes(at), { withFileTypes: true, encoding: "buffer" })) {
        const name = entry.name.toString("latin1");
        const path = at === "" ? name : `${at}/${name}`;
        if (!this.#seen.has(path)) remove(this.#bytes(path));
        else if (entry.isDirectory()) open.push(path);
      }
    }
  }

  #refuseFullDisk(bytes: number): void {
    this.#sinceLook += bytes;
    if (this.#sinceLook < 16 * 1024 * 1024) return;
    this.#sinceLook = 0;
    const { bavail, bsize } = statfsSync(this.#folder);
    if (bavail * bsize > FREE_BYTES) return;
    throw new BottleError("file/disk-full", "the results of the bottle do not fit on the disk", {
      hint: "make room and look at them with: bottle list; or let the agent write less",
    });
  }

  #bytes(path: string): Buffer {
    const folder = Buffer.from(path === "" ? this.#folder : `${this.#folder}/`);
    return Buffer.concat([folder, Buffer.from(path, "latin1")]);
  }
}

/** The path below the folder, empty for the folder itself; undefined for one that leads anywhere else. */
function relativePath(path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.length > DEEPEST || parts.includes("..")) return undefined;
  return parts.join("/");
}

function remove(path: Buffer): void {
  rmSync(path, { recursive: true, force: true });
}

/** Undefined for one that may not be read: what cannot be compared is written anew. */
function openToRead(path: Buffer): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function readWhole(fd: number, into: Buffer, position: number): boolean {
  for (let at = 0; at < into.length; ) {
    const size = readSync(fd, into, at, into.length - at, position + at);
    if (size === 0) return false;
    at += size;
  }
  return true;
}
