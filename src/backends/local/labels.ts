import { createHash } from "node:crypto";
import type { Slug } from "../../base/ids.ts";

/** Variable of the holder by which a guest is found again. */
export const SLUG_VARIABLE = "BOT_BOTTLE_SLUG";

/** Variable of the holder that tells which home the guest belongs to. */
export const HOME_VARIABLE = "BOT_BOTTLE_HOME_MARK";

/** A short name for a home folder that tells nothing about it. */
export function makeHomeMark(home: string): string {
  return createHash("sha256").update(home).digest("hex").slice(0, 12);
}

/** What every control group of a home's guests is called, up to the slug. */
export function makeGroupPrefix(mark: string): string {
  return `bot-bottle-${mark}-`;
}

/** Name of a guest's control groups. */
export function makeGroupName(mark: string, slug: Slug): string {
  return `${makeGroupPrefix(mark)}${slug}`;
}
