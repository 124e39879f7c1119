import { relative } from "node:path";
import { BottleError } from "../base/errors.ts";
import { isInside } from "../base/is-inside.ts";
import type { Paths } from "../base/paths.ts";
import { realOrFuture } from "../base/real-or-future.ts";

/** A kept workspace, below the settings folder: the one place there that is somebody's project. */
const KEPT_WORKSPACE = /^state\/[^/]+\/workspace(\/|$)/;

/**
 * The folders of ours that lie below a workspace's root, relative to it. Throws `workspace/not-allowed` for a root that is
 * part of our own folders; what an ended bottle kept as its workspace is not.
 */
export function findOwnFolders(root: string, paths: Paths): readonly string[] {
  for (const own of [paths.home, paths.cache].map(realOrFuture)) {
    if (isInside(root, own) && !KEPT_WORKSPACE.test(relative(own, root))) throw refusal(root, own);
  }
  const folders = [paths.home, paths.state, paths.cache].map(realOrFuture);
  return folders.filter((own) => own !== root && isInside(own, root)).map((own) => relative(root, own));
}

/**
 * Throws `workspace/not-allowed` for a root of which anything of ours is a part, or that is a part of ours: a bottle that can
 * write there could write its own manifest.
 */
export function refuseOwnFolders(root: string, paths: Paths): void {
  for (const own of Object.values(paths).map(realOrFuture)) {
    if (isInside(own, root) || isInside(root, own)) throw refusal(root, own);
  }
}

function refusal(root: string, own: string): BottleError {
  const what =
    root === own ? "holds" : isInside(own, root) ? `contains ${own}, which holds` : `is part of ${own}, which holds`;
  return new BottleError("workspace/not-allowed", `${root} ${what} settings or bottles of this program`, {
    hint: "change to the folder of one project; BOT_BOTTLE_HOME and XDG_CACHE_HOME belong outside of it",
  });
}
