import { join } from "node:path";
import { listNames, removeFile, removeTree } from "../base/files.ts";

const INCOMING = /^(tmp_objdir-)?incoming-|^tmp_objdir-/;

/**
 * Removes what a git that was broken off may leave: locks, and with `incoming` the objects of pushes that never ended. Git
 * removes most of it itself, but not what one of its processes still writes while another cleans up.
 */
export async function sweepMirror(folder: string, incoming: boolean): Promise<void> {
  await removeLocks(folder, false);
  await removeLocks(join(folder, "refs"), true);
  if (!incoming) return;
  const objects = join(folder, "objects");
  for (const name of (await listNames(objects)) ?? []) if (INCOMING.test(name)) await removeTree(join(objects, name));
  const packs = join(objects, "pack");
  for (const name of (await listNames(packs)) ?? []) if (name.startsWith("tmp_")) await removeFile(join(packs, name));
}

async function removeLocks(folder: string, deep: boolean): Promise<void> {
  for (const name of (await listNames(folder)) ?? []) {
    if (name.endsWith(".lock"))
      await removeTree(join(folder, name)); // no ref has such a name
    else if (deep) await removeLocks(join(folder, name), deep);
  }
}
