import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BottleError } from "../base/errors.ts";
import { isAlive } from "../base/holder.ts";
import type { Run } from "../base/process.ts";
import { makeTemporaryPrefix, parseTemporaryHolder } from "../base/temporary-name.ts";
import type { GitHost } from "./run-git.ts";

const WHAT = "bottle-git";

/** Where everybody's processes get: our own temporary folder may be closed to the owner of a tree. */
const SHARED = "/tmp";

/** A new private folder inside a temporary one of ours, whose name says which process it is for. */
export function makeScratchFolder({ as, holder }: GitHost): { readonly outer: string; readonly folder: string } {
  const outer = mkdtempSync(
    join(as === undefined ? tmpdir() : SHARED, holder === undefined ? `${WHAT}-` : makeTemporaryPrefix(WHAT, holder)),
  );
  const folder = join(outer, "git");
  mkdirSync(folder, { mode: 0o700 });
  if (as !== undefined) chmodSync(outer, 0o711);
  return { outer, folder };
}

/** Removes a scratch folder. What somebody else could be changing is removed by `rm`, which no exchanged link leads astray. */
export async function removeScratchFolder(outer: string, run: Run, owned: boolean): Promise<void> {
  if (owned) return rmSync(outer, { recursive: true, force: true });
  const { exit, stderr } = await run(["rm", "-rf", "--", outer], { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } });
  if (exit.kind === "code" && exit.code === 0) return;
  throw new BottleError("file/not-usable", `cannot remove ${outer}: ${stderr.split("\n")[0]}`);
}

/** Scratch folders of ours whose process was killed. */
export async function findAbandonedScratch(uid: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (const place of new Set([tmpdir(), SHARED])) {
    for (const name of await readdir(place).catch(() => [])) {
      const holder = parseTemporaryHolder(WHAT, name);
      const path = join(place, name);
      if (holder === undefined || (await isAlive(holder))) continue;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      // in a place that everybody writes to only what we own can have been made by us
      if (stat?.isDirectory() && stat.uid === uid) found.push(path);
    }
  }
  return found;
}
