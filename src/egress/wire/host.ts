import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { Malformed } from "./malformed.ts";

/** A host in its one canonical spelling: lower case, no trailing dot, addresses as the system prints them. */
export type Host = {
  readonly kind: "name" | "ipv4" | "ipv6";
  /** Without brackets */
  readonly text: string;
};

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * The host of an authority. Throws `Malformed` for everything that two programs could read differently: trailing dots,
 * octal, hexadecimal or short IPv4 spellings, IPv4 inside IPv6, zones, anything beyond ASCII.
 */
export function parseHost(text: string): Host {
  if (text.startsWith("[")) return parseBracketed(text);
  const lower = text.toLowerCase();
  if (isIPv4(lower)) return { kind: "ipv4", text: lower };
  if (lower.length === 0 || lower.length > 253) throw new Malformed("host name of an impossible length");
  const labels = lower.split(".");
  if (!labels.every((label) => LABEL.test(label))) throw new Malformed("not a plain host name");
  if (NUMERIC_LABEL.test(labels.at(-1) ?? "")) throw new Malformed("not a plain IPv4 address");
  return { kind: "name", text: lower };
}

function parseBracketed(text: string): Host {
  const inner = text.slice(1, -1);
  if (!text.endsWith("]") || !isIPv6(inner) || inner.includes("%") || inner.includes(".")) {
    throw new Malformed("not a plain IPv6 address");
  }
  const canonical = new SocketAddress({ address: inner, family: "ipv6" }).address;
  if (canonical.includes(".")) throw new Malformed("an IPv4 address written as IPv6");
  return { kind: "ipv6", text: canonical };
}

/** The host as it is written in an authority. */
export function renderHost(host: Host): string {
  return host.kind === "ipv6" ? `[${host.text}]` : host.text;
}
