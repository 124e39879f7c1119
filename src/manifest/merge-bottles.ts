import type { WrittenKey } from "./bottle.ts";
import type { WrittenBottle } from "./written/bottle.ts";

/** One bottle file, or several merged: what is written, and where. */
export type Layer = { readonly written: WrittenBottle; readonly keys: readonly WrittenKey[] };

/** Merges files from left to right: a later one wins where both write the same. */
export function mergeBottles(layers: readonly Layer[]): Layer {
  return layers.reduce(overlay, { written: {}, keys: [] });
}

/** The rules of merging, once for the values and once for the keys; a test holds the two together. */
function overlay(parent: Layer, child: Layer): Layer {
  return { written: overlayWritten(parent.written, child.written), keys: overlayKeys(parent.keys, child) };
}

function overlayWritten(parent: WrittenBottle, child: WrittenBottle): WrittenBottle {
  const { extends: _, ...rest } = child;
  return {
    ...parent,
    // Whatever is not named below is replaced by the child as a whole: egress, supervise, backend.
    ...rest,
    ...both(parent, child, "env", (ours, theirs) => ({ ...ours, ...theirs })),
    // Another program has no use for this one's credential, command and settings.
    ...both(parent, child, "agent_provider", (ours, theirs) =>
      theirs.template === undefined ? { ...ours, ...theirs } : theirs,
    ),
    ...both(parent, child, "resources", (ours, theirs) => ({ ...ours, ...theirs })),
    ...both(parent, child, "git-gate", (ours, theirs) => ({
      ...ours,
      ...theirs,
      ...both(ours, theirs, "user", (mine, yours) => ({ ...mine, ...yours })),
    })),
    // What one file keeps out of the copy, a file on top of it cannot bring in by forgetting it.
    ...both(parent, child, "workspace", (ours, theirs) => ({
      ...ours,
      ...theirs,
      ...both(ours, theirs, "exclude", (mine, yours) => [...new Set([...mine, ...yours])]),
    })),
  };
}

/** One key merged, if both sides write it; nothing otherwise, so that the spread before it decides. */
function both<T extends object, K extends keyof T>(
  parent: T,
  child: T,
  key: K,
  merge: (parent: NonNullable<T[K]>, child: NonNullable<T[K]>) => T[K],
): Partial<Record<K, T[K]>> {
  const ours = parent[key];
  const theirs = child[key];
  if (ours === undefined || ours === null || theirs === undefined || theirs === null) return {};
  const merged: Partial<Record<K, T[K]>> = {};
  merged[key] = merge(ours, theirs);
  return merged;
}

const OVERLAID = new Set(["env", "agent_provider", "resources", "git-gate", "git-gate.user", "workspace"]);

function overlayKeys(parent: readonly WrittenKey[], child: Layer): readonly WrittenKey[] {
  const own = child.keys.filter((key) => key.path !== "extends");
  const written = new Set(own.map((key) => key.path));
  const isReplaced = (path: string) =>
    written.has(path) ||
    (written.has("agent_provider.template") && path.startsWith("agent_provider.")) ||
    prefixes(path).some((prefix) => written.has(prefix) && !OVERLAID.has(prefix));
  return [...parent.filter((key) => !isReplaced(key.path)), ...own];
}

/** `a.b.c` → `a`, `a.b` */
function prefixes(path: string): readonly string[] {
  const parts = path.split(".");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("."));
}
