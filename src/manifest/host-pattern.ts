import { domainToASCII } from "node:url";
import { parseIpv4, parseIpv6 } from "./ip-address.ts";

/** A host as routes are compared with it, or why it is none. */
export type HostPattern =
  | { readonly kind: "host"; readonly host: string }
  | { readonly kind: "refused"; readonly why: string; readonly hint: string | undefined };

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * A host pattern in its one spelling: lower case, addresses as the URL standard writes them and without brackets,
 * `*.` only in front of a name of two labels or more.
 */
export function parseHostPattern(text: string): HostPattern {
  const refuse = (why: string, hint?: string): HostPattern => ({ kind: "refused", why, hint });
  if (text === "") return refuse("is empty");
  if (text.includes("://")) return refuse("is a URL", "write the host alone; ports and paths have keys of their own");
  if (text.includes("@")) return refuse("has a user in it", "write the host alone; credentials belong in auth");
  const address = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const six = parseIpv6(address);
  if (six !== undefined) return { kind: "host", host: six };
  if (parseIpv6(address.replace(/%.*$/, "")) !== undefined)
    return refuse("has a zone in it", "remove the % and the rest");
  if (text.includes(":")) return refuse("has a port in it", "write the host alone and ports: [ … ] below it");
  if (/[/?#\\]/.test(text)) return refuse("has a path in it", "write the host alone; paths belong in matches");
  if (text.endsWith(".")) return refuse("ends with a dot", "remove the dot");
  if (/[\0-\x20\x7f]/.test(text)) return refuse("has a blank or a control character in it");
  if (!/^[\x21-\x7e]*$/.test(text)) {
    const ascii = domainToASCII(text.replace(/^\*\./, ""));
    const written = text.startsWith("*.") ? `*.${ascii}` : ascii;
    return refuse("has characters that are not ASCII", ascii === "" ? undefined : `write it as DNS does: ${written}`);
  }
  return parseName(text.toLowerCase(), refuse);
}

function parseName(text: string, refuse: (why: string, hint?: string) => HostPattern): HostPattern {
  if (parseIpv4(text) !== undefined) return { kind: "host", host: text };
  const isWildcard = text.startsWith("*.");
  const name = isWildcard ? text.slice(2) : text;
  if (name.includes("*"))
    return refuse("has a * in a place where none can be", "write *.example.com or the exact name");
  const labels = name.split(".");
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return refuse("is not a host name", "labels are a-z, 0-9 and -, with single dots between them");
  }
  // Every resolver reads 127.1, 0x7f000001 or 010.0.0.1 as an address, and not always as the same one.
  if (/^(0x[0-9a-f]*|[0-9]+)$/.test(labels.at(-1) ?? "")) {
    return refuse("is an address in an unusual form", "write it as four decimal numbers");
  }
  if (isWildcard && labels.length < 2) {
    return refuse("would match everything below a whole top-level domain", "name one domain: *.example.com");
  }
  if (name === "_egress.local" || name.endsWith("._egress.local")) {
    return refuse("is answered by the bottle's own proxy", "remove the route");
  }
  return { kind: "host", host: isWildcard ? `*.${name}` : name };
}
