/** A path that every server reads alike, or why it is not one. */
export type NormalPath =
  | { readonly kind: "plain"; readonly path: string }
  | { readonly kind: "ambiguous"; readonly why: string };

const UNSAFE_RAW = /[\\"<>^`{}]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ESCAPED_TROUBLE = /%(?:2f|5c|00|0a|0d|25|3b)/i;
const CONTROL = /[\0-\x1f\x7f\ufffd]/;

/**
 * The decoded path that rules are matched against. Everything that servers are known to read in more than one way is
 * ambiguous: encoded slashes, backslashes, percent signs, dot segments in any spelling, empty segments, path parameters.
 */
export function normalisePath(raw: string): NormalPath {
  if (UNSAFE_RAW.test(raw)) return ambiguous("a character that belongs in no path");
  if (BAD_ESCAPE.test(raw)) return ambiguous("a percent sign that encodes nothing");
  if (ESCAPED_TROUBLE.test(raw)) return ambiguous("an encoded slash, backslash, percent sign, semicolon or line end");
  const path = decodePercent(raw);
  if (path === undefined || CONTROL.test(path)) return ambiguous("bytes that are not text");
  if (path.includes(";")) return ambiguous("a path parameter");
  const segments = path.split("/").slice(1);
  if (segments.some((segment) => segment === "." || segment === "..")) return ambiguous("a dot segment");
  if (segments.slice(0, -1).includes("")) return ambiguous("an empty segment");
  return { kind: "plain", path };
}

function ambiguous(why: string): NormalPath {
  return { kind: "ambiguous", why };
}

function decodePercent(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined; // not UTF-8
  }
}
