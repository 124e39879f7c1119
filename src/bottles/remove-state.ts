import type { Dirent } from "node:fs";
import { chmod, lstat, mkdir, opendir, rename, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BottleError, systemErrorCode } from "../base/errors.ts";
import { fileError } from "../base/files.ts";
import type { Ids } from "../base/ids.ts";
import { REMOVING } from "./bottle-folders.ts";

/** What removing a folder is done with. */
export type RemoveOptions = {
  /** Numeric user that this process runs as */
  readonly uid: number;
  readonly ids: Ids;
  /** Whether no process of this numeric user lives */
  readonly isQuiet: (uid: number) => Promise<boolean>;
};

const AT_ONCE = 64;
const FULL: readonly string[] = ["ENOSPC", "EDQUOT"];

/**
 * Removes a folder of ours whose content an agent may have made, however deep, wide, locked or oddly named; what is not there
 * is no error, and an interrupted removal is finished by the next one. No link is followed. Throws `bottle/still-running`
 * and touches nothing while something of another user who owns a part of it lives.
 *
 * Instead of going down, every folder that is met is first moved to the top: no path gets long, nothing recurses, and a
 * mount point shows itself because it cannot be moved.
 */
export async function removeState(root: string, options: RemoveOptions): Promise<void> {
  const isTrash = basename(root).startsWith(REMOVING);
  const trash = isTrash ? root : join(dirname(root), REMOVING + basename(root));
  try {
    await refuseWhileAlive([root, trash], options);
    const remover = new Remover(trash, options);
    if (!isTrash) await remover.takeIn(root);
    await remover.run();
  } catch (error) {
    if (systemErrorCode(error) !== "EBUSY") throw fileError(error, "remove", root);
    throw new BottleError("file/not-usable", `cannot remove ${root}: something is mounted inside`, {
      hint: `unmount it (findmnt -R ${trash}), then run \`bottle cleanup\` again`,
      cause: error,
    });
  }
}

async function refuseWhileAlive(folders: readonly string[], { uid, isQuiet }: RemoveOptions): Promise<void> {
  const owners = new Set<number>();
  for (const folder of folders) {
    for (const path of [folder, ...(await childrenOf(folder))]) {
      const owner = await orUndefined(async () => (await lstat(path)).uid);
      if (owner !== undefined && owner !== uid) owners.add(owner);
    }
  }
  for (const owner of owners) {
    if (await isQuiet(owner)) continue;
    throw new BottleError(
      "bottle/still-running",
      `processes of uid ${owner}, who owns a part of ${folders[0]}, still run`,
      {
        hint: `see them with: ps -fu ${owner}`,
      },
    );
  }
}

async function childrenOf(folder: string): Promise<readonly Buffer[]> {
  const children: Buffer[] = [];
  await orUndefined(async () => {
    if (!(await lstat(folder)).isDirectory()) return;
    for await (const entry of await openFolder(folder)) children.push(pathIn(folder, entry));
  });
  return children;
}

class Remover {
  readonly #trash: string;
  readonly #mayEnterAll: boolean;
  readonly #prefix: string;
  #moved = 0;
  #removed = 0;

  constructor(trash: string, { uid, ids }: RemoveOptions) {
    this.#trash = trash;
    this.#mayEnterAll = uid === 0;
    this.#prefix = `${ids.base36(10)}-`;
  }

  /** Moves the folder in, which at the same time makes it vanish from where it was. */
  async takeIn(root: string): Promise<void> {
    const found = await orUndefined(() => lstat(root));
    if (found === undefined) return;
    if (!found.isDirectory()) return unlink(root);
    try {
      await mkdir(this.#trash, { mode: 0o700 });
    } catch (error) {
      const code = systemErrorCode(error) ?? "";
      if (FULL.includes(code)) return this.#move(root, this.#trash); // no room for one more folder: this one becomes it
      if (code !== "EEXIST") throw error;
    }
    await this.#moveUp(root);
  }

  async run(): Promise<void> {
    const found = await orUndefined(() => lstat(this.#trash));
    if (found === undefined) return;
    for (;;) {
      const before = this.#removed;
      const count = await this.#each(this.#trash, (path, entry) => this.#removeTop(path, entry));
      if (count === 0) break;
      if (this.#removed === before) throw new Error(`${this.#trash} does not get empty`);
    }
    await orUndefined(() => rmdir(this.#trash));
  }

  async #removeTop(path: Buffer, entry: Dirent): Promise<void> {
    if (!entry.isDirectory()) return this.#unlink(path);
    const folder = entry.name.startsWith(this.#prefix) ? join(this.#trash, entry.name) : await this.#moveUp(path);
    await this.#each(folder, async (inner, innerEntry) => {
      if (innerEntry.isDirectory()) await this.#moveUp(inner);
      else await this.#unlink(inner);
    });
    await orUndefined(() => rmdir(folder), "ENOTEMPTY"); // some file systems skip entries while others go; the next round has them
    this.#removed += 1;
  }

  async #moveUp(path: string | Buffer): Promise<string> {
    const target = join(this.#trash, `${this.#prefix}${this.#moved}`);
    this.#moved += 1;
    await this.#move(path, target);
    return target;
  }

  async #move(path: string | Buffer, target: string): Promise<void> {
    if (!this.#mayEnterAll) await orUndefined(() => chmod(path, 0o700));
    await orUndefined(() => rename(path, target));
  }

  async #unlink(path: Buffer): Promise<void> {
    await orUndefined(() => unlink(path));
    this.#removed += 1;
  }

  async #each(folder: string, act: (path: Buffer, entry: Dirent) => Promise<void>): Promise<number> {
    let count = 0;
    let pending: Promise<void>[] = [];
    const failures: unknown[] = [];
    const settle = async () => {
      await Promise.all(pending);
      pending = [];
      if (failures.length > 0) throw failures[0];
    };
    await orUndefined(async () => {
      for await (const entry of await openFolder(folder)) {
        count += 1;
        pending.push(act(pathIn(folder, entry), entry).catch((error: unknown) => void failures.push(error)));
        if (pending.length >= AT_ONCE) await settle();
      }
    });
    await settle();
    return count;
  }
}

/** Names are bytes, not text: latin1 keeps each as one character */
function openFolder(folder: string) {
  return opendir(folder, { encoding: "latin1", bufferSize: 256 });
}

function pathIn(folder: string, entry: Dirent): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`, "utf8"), Buffer.from(entry.name, "latin1")]);
}

async function orUndefined<T>(act: () => Promise<T>, ...fine: readonly string[]): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (["ENOENT", ...fine].includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}
