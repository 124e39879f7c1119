import { z } from "zod";
import { agentSchema } from "./written/agent.ts";
import { bottleSchema } from "./written/bottle.ts";
import { configSchema } from "./written/config.ts";
import { providerSchema } from "./written/provider.ts";

/** The kinds of files a person writes. */
export type ManifestKind = "bottle" | "agent" | "provider" | "config";

/** The one set of definitions behind validation, editor schemas and documentation. */
export const WRITTEN_SCHEMAS = {
  bottle: bottleSchema,
  agent: agentSchema,
  provider: providerSchema,
  config: configSchema,
} as const;

/** The JSON Schema that an editor uses for one kind of file. */
export function makeJsonSchema(kind: ManifestKind): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(WRITTEN_SCHEMAS[kind], { io: "input", target: "draft-2020-12" });
  return { title: `bot-bottle ${kind}`, ...schema };
}
