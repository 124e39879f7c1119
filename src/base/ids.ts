import { randomInt } from "node:crypto";
import type { Brand } from "./brand.ts";

/** A running bottle's name: `<name>-<5 random base36>`, unique on this machine. */
export type Slug = Brand<string, "Slug">;

const SLUG = /^[a-z][a-z0-9-]*-[a-z0-9]{5}$/;

/** The text as a slug, or undefined if it is not one. */
export function parseSlug(text: string): Slug | undefined {
  return SLUG.test(text) && text.length <= 64 ? (text as Slug) : undefined;
}

/** `length` random base36 characters, uniformly distributed. */
export function randomBase36(length: number): string {
  return Array.from({ length }, () => randomInt(36).toString(36)).join("");
}

/** Randomness, handed down so that tests can set it. */
export type Ids = { readonly base36: (length: number) => string };

/** The machine's own randomness. */
export const systemIds: Ids = { base36: randomBase36 };
