import { describe, expect, test } from "vitest";
import { knownKeys } from "./known-keys.ts";
import { type ManifestKind, makeJsonSchema } from "./schema.ts";

const KINDS: readonly ManifestKind[] = ["bottle", "agent", "provider", "config"];

describe("the JSON Schemas for editors", () => {
  test.each(KINDS)("schemas/%s.schema.json is what the definitions say", async (kind) => {
    const text = `${JSON.stringify(makeJsonSchema(kind), undefined, 2)}\n`;
    await expect(
      text,
      "definitions have changed; write the schemas again: npx vitest run src/manifest/schema.test.ts --update",
    ).toMatchFileSnapshot(`../../schemas/${kind}.schema.json`);
  });

  test.each(KINDS)("every key of a %s is described", (kind) => {
    const undescribed: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== "object" || schema === null) return;
      for (const [key, inner] of Object.entries(schema)) {
        if (key === "properties") {
          for (const [name, property] of Object.entries(inner)) {
            if (typeof property !== "object" || property === null || !("description" in property)) {
              undescribed.push(`${path}.${name}`);
            }
            walk(property, `${path}.${name}`);
          }
        } else walk(inner, path);
      }
    };
    walk(makeJsonSchema(kind), "");
    expect(undescribed).toEqual([]);
  });
});

describe("knownKeys", () => {
  test("finds the keys at any place, through lists, named entries and alternatives", () => {
    const schema = makeJsonSchema("bottle");
    expect(knownKeys(schema, [])).toContain("git-gate");
    expect(knownKeys(schema, ["workspace"])).toEqual(["mode", "exclude", "include"]);
    expect(knownKeys(schema, ["egress", "routes", 3, "auth"])).toEqual(["scheme", "name", "token_ref"]);
    expect(knownKeys(schema, ["git-gate", "repos", "any", "refs"])).toContain("branches");
    expect(knownKeys(schema, ["agent_provider", "auth_token"])).toEqual(["env", "file", "command"]);
    expect(knownKeys(schema, ["no", "such", "place"])).toEqual([]);
  });
});
