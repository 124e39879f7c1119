import type { Bottle } from "./bottle.ts";
import type { Catalog } from "./catalog.ts";
import { type Layer, mergeBottles } from "./merge-bottles.ts";
import { NAME_PATTERN } from "./name.ts";
import { type Extending, orderLayers } from "./order-layers.ts";
import type { Problem } from "./problem.ts";
import { type ReadFile, readManifest } from "./read-manifest.ts";
import { resolveBottle } from "./resolve-bottle.ts";
import type { RuleFacts } from "./rules/rule.ts";
import type { WrittenBottle } from "./written/bottle.ts";

/** Bottles and everything they extend, each file read once. */
export type LoadedBottles = {
  readonly problems: readonly Problem[];
  /** Texts of the files, for the excerpts beside problems */
  readonly texts: ReadonlyMap<string, string>;
  /** The bottle that names merge to, left to right; undefined when a file of it has errors. */
  resolve(names: readonly string[]): Bottle | undefined;
};

/** Reads bottles and, through `extends`, their parents. Names that nobody defined are left out. */
export async function loadBottles(
  catalog: Catalog,
  names: readonly string[],
  facts: RuleFacts,
): Promise<LoadedBottles> {
  const files = new Map<string, ReadFile<WrittenBottle>>();
  const waiting = [...names];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const entry = catalog.bottles.get(name);
    if (entry === undefined || files.has(name)) continue;
    const file = await readManifest("bottle", entry, facts);
    files.set(name, file);
    const parent = parentOf(file);
    if (parent !== undefined) waiting.push(parent);
  }
  const defined = [...catalog.bottles.keys()];
  const extending = new Map([...files].map(([name, file]) => [name, extendingOf(file)] as const));
  const chains = orderLayers(names, extending, defined);
  return {
    problems: [...[...files.values()].flatMap((file) => file.problems), ...chains.problems],
    texts: new Map([...files.values()].map((file) => [file.file, file.text])),
    resolve: (wanted) => {
      const { order, problems } = orderLayers(wanted, extending, defined);
      const parts = order.map((name) => files.get(name));
      const layers = parts.flatMap((file) => (file?.written === undefined ? [] : [layerOf(file, file.written)]));
      const isComplete = layers.length === parts.length && wanted.every((name) => files.has(name));
      if (!isComplete || problems.length > 0 || layers.length === 0) return undefined;
      const origin = { names: wanted, files: parts.flatMap((file) => (file === undefined ? [] : [file.file])) };
      return resolveBottle(origin, mergeBottles(layers), facts.userHome);
    },
  };
}

function layerOf(file: ReadFile<WrittenBottle>, written: WrittenBottle): Layer {
  return { written, keys: file.keys };
}

function extendingOf(file: ReadFile<WrittenBottle>): Extending {
  const place = file.source?.placeOf(["extends"]) ?? { line: 1, column: 1 };
  return { file: file.file, parent: parentOf(file), parentAt: place };
}

/** Looked for in files with errors too, so that the problems of their parents are told at the same time. */
function parentOf(file: ReadFile<WrittenBottle>): string | undefined {
  const value = file.source?.value;
  if (typeof value !== "object" || value === null || !("extends" in value)) return undefined;
  return typeof value.extends === "string" && NAME_PATTERN.test(value.extends) ? value.extends : undefined;
}
