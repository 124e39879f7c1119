import { BottleError } from "../base/errors.ts";
import { readTextIfThere } from "../base/files.ts";
import { type ParsedRecord, parseRecord } from "./parse-record.ts";

/** A bottle's record as it is on disk: a value also when it is missing, damaged or may not be read. */
export async function readRecord(path: string): Promise<ParsedRecord | { readonly kind: "missing" }> {
  try {
    const text = await readTextIfThere(path);
    return text === undefined ? { kind: "missing" } : parseRecord(text);
  } catch (error) {
    if (error instanceof BottleError) return { kind: "damaged", why: error.message };
    throw error;
  }
}
