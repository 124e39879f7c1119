import { type Authority, parseAuthority, sameAuthority } from "./authority.ts";
import { type Fields, listOf, parseFields, valuesOf } from "./fields.ts";
import { type Framing, parseRequestFraming } from "./framing.ts";
import { checkConnectionNames } from "./hop-by-hop.ts";
import { Malformed } from "./malformed.ts";

/** The head of a request after the one strict reading that every stage relies on. */
export type RequestHead = {
  readonly method: string;
  readonly target: RequestTarget;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
  /** Text of the one Host header; empty for a CONNECT without it */
  readonly host: string;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  /** Protocol the client wants to switch to, lower case */
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
};

/** What the request line asks for, not decoded. */
type RequestTarget =
  | { readonly kind: "origin"; readonly path: string; readonly query: string | undefined }
  | {
      readonly kind: "absolute";
      readonly authority: Authority;
      readonly path: string;
      readonly query: string | undefined;
    }
  | { readonly kind: "connect"; readonly authority: Authority };

const REQUEST_LINE = /^([A-Z][A-Z-]{0,31}) ([\x21-\x7e]{1,65535}) HTTP\/1\.([01])$/;

/** A request's head, without the empty line that ends it. Throws `Malformed` for anything that is not plain HTTP/1.x. */
export function parseRequestHead(text: string): RequestHead {
  const lines = splitLines(text);
  const match = REQUEST_LINE.exec(lines[0] ?? "");
  const [, method, rawTarget, minor] = match ?? [];
  if (method === undefined || rawTarget === undefined) throw new Malformed("not an HTTP/1.1 request line");
  const version = minor === "1" ? "1.1" : "1.0";
  const fields = parseFields(lines.slice(1));
  const target = parseTarget(method, rawTarget);
  const framing = parseRequestFraming(fields, version);
  if (target.kind === "connect" && framing.kind !== "none") throw new Malformed("CONNECT with a body");
  const host = parseHostHeader(fields, target);
  checkConnectionNames(fields);
  const connection = listOf(fields, "connection");
  return {
    method,
    target,
    version,
    fields,
    host,
    framing,
    keepAlive: version === "1.1" && !connection.includes("close"),
    upgrade: parseUpgrade(fields, connection, framing),
    expectsContinue: parseExpect(fields),
  };
}

/** Lines of a head; every line must end in CRLF and hold no other control character that ends a line somewhere. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split("\r\n");
  for (const line of lines) {
    if (line.includes("\n") || line.includes("\r")) throw new Malformed("a line that ends in a bare CR or LF");
  }
  return lines;
}

/** Python's CONNECT has no Host; where there is one, it must say the same as the target. */
function parseHostHeader(fields: Fields, target: RequestTarget): string {
  const [host, ...more] = valuesOf(fields, "host");
  if (more.length > 0) throw new Malformed("more than one Host header");
  if (target.kind !== "connect") {
    if (host === undefined) throw new Malformed("no Host header");
    return host;
  }
  if (host === undefined) return "";
  const { authority } = target;
  if (!sameAuthority(parseAuthority(host, authority.port), authority))
    throw new Malformed("a Host that is not the target of CONNECT");
  return host;
}

function parseTarget(method: string, raw: string): RequestTarget {
  if (method === "CONNECT") return { kind: "connect", authority: parseAuthority(raw, undefined) };
  if (raw.includes("#")) throw new Malformed("a fragment in the request target");
  if (raw.startsWith("/")) return { kind: "origin", ...splitQuery(raw) };
  const lower = raw.slice(0, 8).toLowerCase();
  if (lower.startsWith("https://")) throw new Malformed("https:// asked of the proxy without CONNECT");
  if (!lower.startsWith("http://")) throw new Malformed("a request target that is neither a path nor http://");
  const rest = raw.slice("http://".length);
  const end = rest.search(/[/?]/);
  const authority = parseAuthority(end === -1 ? rest : rest.slice(0, end), 80);
  const tail = end === -1 ? "" : rest.slice(end);
  return { kind: "absolute", authority, ...splitQuery(tail.startsWith("/") ? tail : `/${tail}`) };
}

function splitQuery(raw: string): { readonly path: string; readonly query: string | undefined } {
  const mark = raw.indexOf("?");
  return mark === -1 ? { path: raw, query: undefined } : { path: raw.slice(0, mark), query: raw.slice(mark + 1) };
}

function parseUpgrade(fields: Fields, connection: readonly string[], framing: Framing): string | undefined {
  const upgrade = valuesOf(fields, "upgrade");
  if (upgrade.length === 0 && !connection.includes("upgrade")) return undefined;
  if (framing.kind !== "none") throw new Malformed("a switch of protocols with a body");
  return upgrade.join(",").toLowerCase();
}

function parseExpect(fields: Fields): boolean {
  const expect = valuesOf(fields, "expect");
  if (expect.length === 0) return false;
  if (expect.length > 1 || expect[0]?.toLowerCase() !== "100-continue")
    throw new Malformed("an Expect that is unknown");
  return true;
}
