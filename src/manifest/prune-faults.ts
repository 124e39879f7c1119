import type { KeyPath } from "./yaml-source.ts";

/** Something wrong with a value: at a path, or at keys of the map at that path. */
export type Fault = { readonly path: KeyPath; readonly keys?: readonly string[] | undefined };

/**
 * A copy without the parts that are at fault, so that what is left can be looked at as well: where something is missing,
 * without the map that misses it. A list goes as a whole, so that the places of other entries stay right.
 */
export function pruneFaults(value: unknown, faults: readonly Fault[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const { path, keys } of faults) {
    const paths = keys === undefined ? [path] : keys.map((key) => [...path, key]);
    for (const one of paths) remove(copy, outOfList(has(value, one) ? one : one.slice(0, -1)));
  }
  return copy;
}

function outOfList(path: KeyPath): KeyPath {
  const last = path.findLastIndex((part) => typeof part !== "number");
  return path.slice(0, last + 1);
}

function has(value: unknown, path: KeyPath): boolean {
  const [first, ...rest] = path;
  return first === undefined || (isParent(value, first) && has(inside(value, first), rest));
}

function remove(value: unknown, path: KeyPath): void {
  const [first, ...rest] = path;
  if (first === undefined || !isParent(value, first)) return;
  if (rest.length === 0) Reflect.deleteProperty(value, String(first));
  else remove(inside(value, first), rest);
}

function isParent(value: unknown, key: string | number): value is object {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

function inside(value: object, key: string | number): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
