import { type Fields, listOf } from "./fields.ts";
import { Malformed } from "./malformed.ts";

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

const NEVER_NAMED: ReadonlySet<string> = new Set(["host", "content-length", "authorization", "cookie", "expect"]);

/** The fields that travel on, without those that belong to one connection or are named by `Connection`. */
export function withoutHopByHop(fields: Fields): Fields {
  const named = listOf(fields, "connection");
  return fields.filter((field) => !HOP_BY_HOP.has(field.lower) && !named.includes(field.lower));
}

/** Throws `Malformed` when `Connection` names a header that the far side decides by: nobody may have one removed on the way. */
export function checkConnectionNames(fields: Fields): void {
  for (const name of listOf(fields, "connection")) {
    if (NEVER_NAMED.has(name) || name.startsWith("x-")) throw new Malformed(`Connection names ${name}`);
  }
}
