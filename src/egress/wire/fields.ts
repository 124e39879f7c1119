import { Malformed } from "./malformed.ts";

/** One header field; bytes above 0x7f are kept as Latin-1. */
export type Field = {
  /** As it was written */
  readonly name: string;
  /** Lower case */
  readonly lower: string;
  readonly value: string;
};

/** Header fields in the order in which they came. */
export type Fields = readonly Field[];

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const CONTROL = /[\0-\x08\n-\x1f\x7f]/;
const MAX_FIELDS = 200;

/** Header lines as fields. Throws `Malformed` for folded lines, odd names, control characters and too many lines. */
export function parseFields(lines: readonly string[]): Fields {
  if (lines.length > MAX_FIELDS) throw new Malformed(`more than ${MAX_FIELDS} header fields`);
  return lines.map(parseField);
}

function parseField(line: string): Field {
  const colon = line.indexOf(":");
  if (line.startsWith(" ") || line.startsWith("\t")) throw new Malformed("folded header line");
  if (colon <= 0) throw new Malformed("header line without a name");
  const name = line.slice(0, colon);
  if (!TOKEN.test(name)) throw new Malformed("header name with a character that is not allowed");
  const value = trimBlanks(line, colon + 1);
  if (CONTROL.test(value)) throw new Malformed("control character in a header value");
  return { name, lower: name.toLowerCase(), value };
}

/** `trim()` would also take characters above 0x7f that belong to the value. */
function trimBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The name under which servers look a header up that keep them as CGI does: there `X_Api_Key` is `X-Api-Key`. */
export function lookedUpAs(lower: string): string {
  return lower.replaceAll("_", "-");
}

/** A field made by us; the name and value must already be safe. */
export function makeField(name: string, value: string): Field {
  return { name, lower: name.toLowerCase(), value };
}

/** All values of one header, in order. */
export function valuesOf(fields: Fields, lower: string): readonly string[] {
  const values: string[] = [];
  for (const field of fields) if (field.lower === lower) values.push(field.value);
  return values;
}

/** The members of a comma-separated header, lower case; empty members are dropped. */
export function listOf(fields: Fields, lower: string): readonly string[] {
  const values = valuesOf(fields, lower);
  if (values.length === 0) return values;
  return values
    .join(",")
    .split(",")
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== "");
}
