import { constants } from "node:fs";
import { lchown, mkdir, open } from "node:fs/promises";
import { systemErrorCode } from "./errors.ts";
import { fileError } from "./files.ts";

/** Writes a file that is not there yet and gives it to `owner`; only root can give one away. */
export async function writeOwnedFile(
  path: string,
  text: string | Uint8Array,
  owner: { readonly uid: number; readonly gid: number } | undefined,
  mode = 0o600,
): Promise<void> {
  try {
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      mode,
    );
    try {
      await file.writeFile(text);
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** Makes a folder that only `owner` may enter, in one in which nothing runs; one that is there is no error. */
export async function makeOwnedFolder(
  path: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    if (owner !== undefined) await lchown(path, owner.uid, owner.gid);
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw fileError(error, "create", path);
  }
}
