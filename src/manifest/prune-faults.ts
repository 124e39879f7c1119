import type { KeyPath } from "./yaml-source.ts";

/** Something wrong with a value: at a path, or at keys of the map at that path. */
export type Fault = { readonly path: KeyPath; readonly keys?: readonly string[] | undefined };

/**
 * A copy without the parts that are at fault, so that what is left can be looked at as well. `further` takes away as
 * many levels more around each; a list goes as a whole, so that the places of its neighbours stay right.
 */
export function pruneFaults(value: unknown, faults: readonly Fault[], further: number): unknown {
  const copy: unknown = structuredClone(value);
  for (const { path, keys } of faults) {
    const paths = keys === undefined ? [path] : keys.map((key) => [...path, key]);
    for (const one of paths.map(outOfLists)) remove(copy, one.slice(0, Math.max(1, one.length - further)));
  }
  return copy;
}

function outOfLists(path: KeyPath): KeyPath {
  const index = path.findIndex((part) => typeof part === "number");
  return index === -1 ? path : path.slice(0, index);
}

function remove(value: unknown, path: KeyPath): void {
  const [first, ...rest] = path;
  if (first === undefined || typeof value !== "object" || value === null) return;
  if (rest.length === 0) Reflect.deleteProperty(value, String(first));
  else remove(Object.getOwnPropertyDescriptor(value, String(first))?.value, rest);
}
