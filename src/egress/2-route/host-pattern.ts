/** How well a route's host pattern fits a host: undefined when it does not, higher for the more specific pattern. */
export function matchHostPattern(pattern: string, host: string): number | undefined {
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith("*.")) return wanted === host ? Number.POSITIVE_INFINITY : undefined;
  const suffix = wanted.slice(1);
  return host.length > suffix.length && host.endsWith(suffix) ? suffix.length : undefined;
}
