import { parseSlug } from "../base/ids.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../base/parse-json.ts";
import { BACKEND_NAMES } from "../manifest/bottle.ts";
import { checkHolder } from "./parse-holder.ts";
import type { BottleRecord } from "./record.ts";

/** A record, or why the text is none. */
export type ParsedRecord =
  | { readonly kind: "record"; readonly record: BottleRecord }
  | { readonly kind: "damaged"; readonly why: string };

const STATUSES = ["starting", "running", "ended"] as const;
const RESULTS = ["none", "unchanged", "changed"] as const;

/** The text of a `record.json`; never throws. */
export function parseRecord(text: string): ParsedRecord {
  const fields = parseJsonObject(text);
  if (fields === undefined) return { kind: "damaged", why: "it is no JSON object" };
  if (fields["version"] !== 1) return { kind: "damaged", why: "it was written by another version of bot-bottle" };
  const problems: string[] = [];
  const record = readFields(fields, problems);
  if (record !== undefined && problems.length === 0) return { kind: "record", record };
  return { kind: "damaged", why: `these fields are not usable: ${problems.join(", ")}` };
}

/** The text of a record, with every field in its place. */
export function renderRecord(record: BottleRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

function readFields(fields: JsonObject, problems: string[]): BottleRecord | undefined {
  const check = <T>(name: string, value: T | undefined): T | undefined => {
    if (value === undefined) problems.push(name);
    return value;
  };
  const optional = <T>(name: string, read: (value: unknown) => T | undefined): T | undefined =>
    fields[name] === undefined ? undefined : check(name, read(fields[name]));
  const slug = check("slug", parseSlug(String(fields["slug"])));
  const bottle = check("bottle", text(fields["bottle"]));
  const backend = check("backend", oneOf(BACKEND_NAMES)(fields["backend"]));
  const status = check("status", oneOf(STATUSES)(fields["status"]));
  const holder = check("holder", checkHolder(fields["holder"]));
  const startedAt = check("startedAt", time(fields["startedAt"]));
  const label = optional("label", text);
  const agent = optional("agent", text);
  const source = optional("source", text);
  const endedAt = optional("endedAt", time);
  const exitCode = optional("exitCode", number);
  const results = optional("results", oneOf(RESULTS));
  const journal = optional("journal", chainEnd);
  if (slug === undefined || bottle === undefined || backend === undefined) return undefined;
  if (status === undefined || holder === undefined || startedAt === undefined) return undefined;
  const who = { version: 1, slug, label, bottle, agent, backend, source } as const;
  return { ...who, status, holder, startedAt, endedAt, exitCode, results, journal };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function time(value: unknown): string | undefined {
  return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

function oneOf<T extends string>(allowed: readonly T[]): (value: unknown) => T | undefined {
  return (value) => allowed.find((candidate) => candidate === value);
}

function chainEnd(value: unknown): BottleRecord["journal"] {
  if (!isJsonObject(value)) return undefined;
  const { length, hash } = value;
  return typeof length === "number" && typeof hash === "string" ? { length, hash } : undefined;
}
