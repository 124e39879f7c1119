/** The ways in which an image gets to where machines are made from it, as they are typed. */
export const HAND_OVERS = ["archive", "registry", "push"] as const;

/** One of them. */
export type HandOverName = (typeof HAND_OVERS)[number];

/** How an image is handed over, with all that the way needs. */
export type HandOver =
  /** Saved to a file, which every supported smolvm reads */
  | { readonly kind: "archive" }
  /** Packed out of a registry of our own, in this process */
  | { readonly kind: "registry" }
  /** Packed out of a container of a registry that the engine pushes to */
  | { readonly kind: "push"; readonly image: string };

/** The way of this name. Pure. */
export function makeHandOver(name: HandOverName, registryImage: string): HandOver {
  return name === "push" ? { kind: name, image: registryImage } : { kind: name };
}
