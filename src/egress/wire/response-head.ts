import { type Fields, listOf, parseFields, valuesOf } from "./fields.ts";
import { type Framing, parseResponseFraming } from "./framing.ts";
import { Malformed } from "./malformed.ts";
import { splitLines } from "./request-head.ts";

/** The head of a response. */
export type ResponseHead = {
  readonly status: number;
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  /** Protocol that was switched to, lower case */
  readonly upgrade: string | undefined;
};

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/** A response's head, without the empty line that ends it. Throws `Malformed` for anything that is not plain HTTP/1.x. */
export function parseResponseHead(text: string, toHead: boolean): ResponseHead {
  const lines = splitLines(text);
  const [, minor, code, reason] = STATUS_LINE.exec(lines[0] ?? "") ?? [];
  if (code === undefined) throw new Malformed("not an HTTP/1.1 status line");
  const version = minor === "1" ? "1.1" : "1.0";
  const status = Number(code);
  const fields = parseFields(lines.slice(1));
  const connection = listOf(fields, "connection");
  return {
    status,
    reason: reason ?? "",
    version,
    fields,
    framing: parseResponseFraming(fields, version, { status, toHead }),
    keepAlive: version === "1.1" ? !connection.includes("close") : connection.includes("keep-alive"),
    upgrade: valuesOf(fields, "upgrade")[0]?.toLowerCase(),
  };
}
