import { createHash } from "node:crypto";
import type { Slug } from "../base/ids.ts";

/** Labels of everything that belongs to a bottle: its container and its volume. */
export const LABELS = {
  slug: "bot-bottle.slug",
  home: "bot-bottle.home",
  /** Folder on the host that the workspace came from and goes back to */
  workspace: "bot-bottle.workspace",
} as const;

/** What tells the bottles of one home folder and user from those of others on the same engine. */
export function makeOwnerMark(home: string, uid: number): string {
  return createHash("sha256").update(`${uid}\0${home}`).digest("hex").slice(0, 16);
}

/** Name of a container, and the first part of its volume's. */
export function makeContainerName(slug: Slug): string {
  return `bot-bottle-${slug}`;
}

/** Labels of a bottle's volume. */
export function renderVolumeLabels(slug: Slug, mark: string): readonly string[] {
  return [`${LABELS.slug}=${slug}`, `${LABELS.home}=${mark}`];
}
