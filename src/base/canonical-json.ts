/**
 * A value as JSON that has one form only: keys sorted, no spaces, and nothing but printable ASCII, so that equal values give
 * equal bytes and printing them does nothing to a terminal. Fields that are undefined are left out.
 */
export function renderCanonicalJson(value: unknown): string {
  return renderSorted(value).replace(/[^\x20-\x7e]/g, escapeUnit);
}

function renderSorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((part: unknown) => renderSorted(part)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${renderSorted(part)}`);
  return `{${fields.join(",")}}`;
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
