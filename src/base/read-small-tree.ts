import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { BottleError } from "./errors.ts";
import { fileError } from "./files.ts";

/** A regular file of a small tree. */
export type TreeFile = {
  /** Relative to the tree, `/` between parts */
  readonly path: string;
  readonly content: Buffer;
  readonly executable: boolean;
};

/** The regular files of a folder of the operator's own, read whole; links are passed over. Throws when there is too much. */
export async function readSmallTree(
  folder: string,
  limits: { readonly files: number; readonly bytes: number },
): Promise<readonly TreeFile[]> {
  const found: TreeFile[] = [];
  let bytes = 0;
  const visit = async (relative: string): Promise<void> => {
    const entries = await readdir(join(folder, relative), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== ".git") await visit(path);
      if (!entry.isFile()) continue;
      const file = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const { mode, size } = await file.stat();
        bytes += size;
        if (bytes > limits.bytes || found.length >= limits.files) throw tooLarge(folder, limits);
        found.push({ path, content: await file.readFile(), executable: (mode & 0o100) !== 0 });
      } finally {
        await file.close();
      }
    }
  };
  try {
    await visit("");
  } catch (error) {
    throw fileError(error, "read", folder);
  }
  return found;
}

function tooLarge(folder: string, { files, bytes }: { readonly files: number; readonly bytes: number }): BottleError {
  return new BottleError("file/not-usable", `${folder} has more than ${files} files or ${bytes} bytes`, {
    hint: "take out what does not belong there",
  });
}
