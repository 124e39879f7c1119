import { isJsonObject, parseJsonObject } from "../base/parse-json.ts";
import type { JournalEntry, JournalEvent } from "./event.ts";

/** A line of a journal as a viewer meets it: an entry, or something that this version cannot read. */
export type JournalItem =
  | { readonly kind: "entry"; readonly entry: JournalEntry }
  | { readonly kind: "unreadable"; readonly line: string };

type Check = (value: unknown) => boolean;
type Checks<Event> = { readonly [Field in Exclude<keyof Event, "kind">]-?: Check };
type ChecksByKind = { readonly [Kind in JournalEvent["kind"]]: Checks<Extract<JournalEvent, { kind: Kind }>> };

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const yes: Check = (value) => value === true;
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const byteCounts: Check = (value) => isJsonObject(value) && number(value["out"]) && number(value["in"]);
const tokenCounts: Check = (value) => isJsonObject(value) && number(value["input"]) && number(value["output"]);
const message: Check = (value) =>
  isJsonObject(value) && texts(value["headers"]) && (value["body"] === undefined || text(value["body"]));
const orNothing =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const CHECKS: ChecksByKind = {
  start: { slug: text, bottle: text, backend: text, argv: texts },
  running: { owner: number },
  "left-out": { paths: texts, total: number },
  exit: { code: orNothing(number), signal: orNothing(text), ms: number },
  timeout: { ms: number },
  failed: { code: text, message: text },
  "image-given": { name: text, bytes: number },
  cleaned: { what: text },
  torn: { bytes: number, sha256: text },
  "git-push": {
    ...{ repo: text, outcome: text, reason: orNothing(text), refs: texts, total: number, commits: number },
    ...{ files: number, bytes: number, findings: texts, runFiles: texts, said: texts, ms: number },
  },
  "git-fetch": { repo: text, outcome: text, said: texts, ms: number },
  "egress-request": {
    ...{ method: text, scheme: text, host: text, port: number, path: text },
    ...{ status: number, ms: number, bytes: byteCounts, cut: orNothing(yes), tokens: orNothing(tokenCounts) },
    ...{ sent: orNothing(message), received: orNothing(message) },
  },
  "egress-injection": { method: text, scheme: text, host: text, port: number, path: text, signs: text },
  "egress-redaction": { method: text, scheme: text, host: text, port: number, path: text, rule: text },
  "hold-asked": { id: text, about: text, title: text, detectors: texts },
  "hold-ended": { id: text, ms: number, outcome: text, by: orNothing(text), reason: orNothing(text) },
  "egress-refusal": {
    ...{ code: text, rule: text, unwritten: number },
    ...{ method: orNothing(text), scheme: orNothing(text), host: orNothing(text) },
    ...{ port: orNothing(number), path: orNothing(text) },
  },
};

/** One line of a journal as an entry whose event has every field of its kind; says nothing about the chain. */
export function parseEntry(line: string): JournalItem {
  const value = parseJsonObject(line);
  if (value === undefined || !isEntry(value)) return { kind: "unreadable", line };
  return { kind: "entry", entry: value as JournalEntry };
}

function isEntry(value: Readonly<Record<string, unknown>>): boolean {
  const { seq, time, event, prev, hash } = value;
  return number(seq) && text(time) && text(prev) && text(hash) && isEvent(event);
}

function isEvent(event: unknown): boolean {
  if (!isJsonObject(event) || typeof event["kind"] !== "string" || !Object.hasOwn(CHECKS, event["kind"])) return false;
  const checks: Readonly<Record<string, Check>> = CHECKS[event["kind"] as JournalEvent["kind"]];
  return Object.entries(checks).every(([field, check]) => check(event[field]));
}
