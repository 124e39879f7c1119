import { type FileHandle, open, rm, statfs } from "node:fs/promises";
import { BottleError } from "../base/errors.ts";
import { readFreeBytes } from "../base/files.ts";
import { type Engine, engineFailure, engineWords, mustRun, succeeded } from "./engine.ts";
import type { ImageId } from "./image-id.ts";
import { readSavedImage, type SavedImage } from "./registry/saved-image.ts";

/** What stays free on the disk beside a saved image */
const SPARE_BYTES = 256 * 1024 * 1024;
const DEADLINE_MS = 30 * 60_000;
const TMPFS = 0x01021994;

/**
 * Writes an image of the engine to a file, whole and the one that was asked for, or not at all: the file is gone when it
 * throws. By its name, which some engines keep nowhere else, and only when that still means this content.
 */
export async function saveImage(
  engine: Engine,
  image: { readonly name: string; readonly id: ImageId },
  path: string,
  signal: AbortSignal | undefined,
): Promise<SavedImage> {
  try {
    const file = await open(path, "wx", 0o600); // the engine's own `--output` leaves a file of its own when it is stopped
    const { exit, stderr } = await saveTo(engine, image.name, file, signal);
    signal?.throwIfAborted();
    if (!succeeded(exit)) throw saveFailed(engine, image.name, stderr);
    const saved = await readSavedImage(path);
    if (saved.ids.includes(image.id)) return saved;
    throw new BottleError("image/hand-over-failed", `${image.name} was built anew while it was saved`, {
      hint: "start it again",
    });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function saveTo(engine: Engine, name: string, file: FileHandle, signal: AbortSignal | undefined) {
  try {
    const options = { timeoutMs: DEADLINE_MS, stdoutTo: file.fd, ...(signal === undefined ? {} : { signal }) };
    return await engine.run(["save", name], options);
  } finally {
    await file.close();
  }
}

function saveFailed(engine: Engine, name: string, stderr: string): BottleError {
  if (!/no such image|image not known|does not exist|reference does not exist/i.test(stderr))
    return engineFailure(engine, `the image ${name} cannot be saved`, stderr);
  return new BottleError("image/hand-over-failed", `the image ${name} was removed meanwhile: ${engineWords(stderr)}`, {
    hint: "start it again, which builds it",
  });
}

/** Makes sure that so many saved images fit below a folder. Throws `file/disk-full` when they do not, or when that is memory. */
export async function requireRoomFor(engine: Engine, id: ImageId, folder: string, copies = 1): Promise<void> {
  const text = await mustRun(engine, "the size of the image cannot be told", [
    ...["image", "inspect", "--format", "{{.Size}}", id],
  ]);
  const needed = (Number(text) || 0) * 1.05 * copies + SPARE_BYTES;
  const free = await readFreeBytes(folder);
  const isMemory = (await statfs(folder)).type === TMPFS;
  if (free >= needed && !isMemory) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MB`;
  const why = isMemory ? "it is kept in memory" : `${megabytes(free)} are free`;
  throw new BottleError("file/disk-full", `the image needs ${megabytes(needed)} below ${folder}, and ${why}`, {
    hint: "make room: bottle image prune; or set XDG_CACHE_HOME to a folder on a disk with room",
  });
}
