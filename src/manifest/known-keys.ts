import type { KeyPath } from "./yaml-source.ts";

/** The keys that a JSON Schema knows at a place, in the order in which they are defined. */
export function knownKeys(schema: unknown, path: KeyPath): readonly string[] {
  return alternatives(path.reduce<unknown>(inner, schema)).flatMap((one) =>
    Object.keys(asMap(asMap(one)["properties"])),
  );
}

function inner(schema: unknown, part: string | number): unknown {
  for (const one of alternatives(schema).map(asMap)) {
    const found =
      typeof part === "number" ? one["items"] : (asMap(one["properties"])[part] ?? one["additionalProperties"]);
    if (found !== undefined && found !== false) return found;
  }
  return undefined;
}

function alternatives(schema: unknown): readonly unknown[] {
  const anyOf = asMap(schema)["anyOf"];
  return Array.isArray(anyOf) ? anyOf : [schema];
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
