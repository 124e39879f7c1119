import { EXIT_CODES } from "../../base/exit-codes.ts";
import { makeJsonSchema } from "../../manifest/schema.ts";
import type { CommandContext } from "../context.ts";
import type { SchemaFlags, SchemaKind } from "./command.ts";

/** Prints the JSON Schema of one kind of file. */
export async function runSchema(context: CommandContext, _flags: SchemaFlags, kind: SchemaKind): Promise<number> {
  context.stdout.write(`${JSON.stringify(makeJsonSchema(kind), undefined, 2)}\n`);
  return EXIT_CODES.ok.code;
}
