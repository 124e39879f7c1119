import type { z } from "zod";
import { explainIssues } from "./explain-issue.ts";
import { fitsSchema } from "./fits-schema.ts";
import { knownKeys } from "./known-keys.ts";
import type { Problem } from "./problem.ts";
import { pruneFaults } from "./prune-faults.ts";
import type { ManifestKind } from "./schema.ts";
import type { WrittenAgent } from "./written/agent.ts";
import type { WrittenBottle } from "./written/bottle.ts";
import type { WrittenConfig } from "./written/config.ts";
import type { WrittenProvider } from "./written/provider.ts";
import type { YamlSource } from "./yaml-source.ts";

/** What each kind of file holds once its shape is known to be right. */
export type WrittenByKind = {
  readonly bottle: WrittenBottle;
  readonly agent: WrittenAgent;
  readonly provider: WrittenProvider;
  readonly config: WrittenConfig;
};

/** A value of the right shape, or everything that is wrong with its shape. */
export type ParsedWritten<Written> =
  | { readonly kind: "written"; readonly written: Written }
  | {
      readonly kind: "problems";
      readonly problems: readonly Problem[];
      /** What is right when the rest is taken away, for rules to find more; never to be used */
      readonly remainder: Written | undefined;
    };

const MOST_ROUNDS_OF_PRUNING = 6;

/**
 * Checks the shape of a file. A file without faults is checked against the JSON Schema that was generated from our zod
 * definitions, which saves loading zod; for anything else, zod decides and explains.
 */
export async function parseWritten<Kind extends ManifestKind>(
  kind: Kind,
  source: YamlSource,
  jsonSchema: unknown,
): Promise<ParsedWritten<WrittenByKind[Kind]>> {
  if (source.value === undefined) return { kind: "problems", problems: source.problems, remainder: undefined };
  if (fitsSchema(jsonSchema, source.value)) {
    return { kind: "written", written: source.value as WrittenByKind[Kind] };
  }
  const { makeJsonSchema, WRITTEN_SCHEMAS } = await import("./schema.ts");
  const checked = WRITTEN_SCHEMAS[kind].safeParse(source.value);
  if (checked.success) return { kind: "written", written: checked.data as WrittenByKind[Kind] };
  const schema = makeJsonSchema(kind);
  const problems = explainIssues(source, checked.error.issues, (path) => knownKeys(schema, path));
  const remainder = parseRemainder<WrittenByKind[Kind]>(WRITTEN_SCHEMAS[kind], source.value, checked.error.issues);
  return { kind: "problems", problems, remainder };
}

/** What is left of a value when its faults are taken away; a fault may leave another one around it. */
function parseRemainder<Written>(
  schema: z.ZodType,
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  rounds = MOST_ROUNDS_OF_PRUNING,
): Written | undefined {
  if (rounds === 0) return undefined;
  const faults = issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === "number" ? part : String(part))),
    keys: issue.code === "unrecognized_keys" ? issue.keys : undefined,
  }));
  const pruned = pruneFaults(value, faults);
  const checked = schema.safeParse(pruned);
  return checked.success ? (checked.data as Written) : parseRemainder(schema, pruned, checked.error.issues, rounds - 1);
}
