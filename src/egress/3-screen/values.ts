/** A value that a request carries, and the name under which it does. */
export type NamedPiece = { readonly name: string; readonly value: string };

const MOST = 2_000;

/** Values of a query or of a form, decoded once. */
export function queryValues(query: string): readonly NamedPiece[] {
  return query
    .split(/[&;]/, MOST)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals === -1
        ? { name: "", value: decode(pair) }
        : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) };
    });
}

/** Every text and number of a JSON document, in order, under its own key. */
export function jsonValues(text: string): readonly NamedPiece[] {
  try {
    const pieces: NamedPiece[] = [];
    collect("", JSON.parse(text), pieces);
    return pieces;
  } catch {
    return [];
  }
}

function collect(name: string, value: unknown, into: NamedPiece[]): void {
  if (into.length >= MOST) return;
  if (typeof value === "string" || typeof value === "number") into.push({ name, value: String(value) });
  else if (Array.isArray(value)) for (const part of value) collect(name, part, into);
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) collect(key, part, into);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
