import type { Brand } from "../base/brand.ts";

/** The content id of an image, `sha256:…`: the same content, the same id. */
export type ImageId = Brand<string, "ImageId">;

/** The text as a content id, or undefined if it is none; podman leaves the prefix out. */
export function parseImageId(text: string): ImageId | undefined {
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return hex === undefined ? undefined : (`sha256:${hex}` as ImageId);
}

/** The first 16 hex digits, which name what is kept for an image. */
export function shortImageId(id: ImageId): string {
  return id.slice("sha256:".length, "sha256:".length + 16);
}
