/** A value that a request carries, and the name under which it does. */
export type NamedPiece = {
  readonly name: string;
  readonly value: string;
  /** Whether these are the names of other pieces, put together: they are no part of what the values say */
  readonly ofNames?: true;
};

const MOST = 2_000;
/** Other texts are no piece of anything */
const LONGEST_TEXT = 512;
const LONGEST_BODY = 256 * 1024;

/** What a short body carries, by what it says that it is. */
export function bodyPieces(contentType: string, bytes: Buffer): readonly NamedPiece[] {
  if (bytes.length > LONGEST_BODY) return [];
  const type = contentType.toLowerCase();
  const boundary = /multipart\/.*boundary="?([^";,\s]{1,100})/i.exec(contentType)?.[1];
  if (boundary !== undefined) return partValues(bytes.toString("utf8"), boundary);
  return textPieces(bytes.toString("utf8"), type.includes("json"), type.includes("urlencoded")) ?? [];
}

/** Values of a text that looks like JSON, or is said to be it or a form; the text itself when it is short. */
export function textPieces(text: string, json = false, form = false): readonly NamedPiece[] | undefined {
  const start = text.trimStart()[0];
  const values = json || start === "{" || start === "[" ? jsonValues(text) : [];
  if (values.length > 0) return values;
  if (form) return queryValues(text);
  return text.length <= LONGEST_TEXT ? [{ name: "body", value: text }] : undefined;
}

/** Names put together as one piece, each once: a secret can leave in them as well as in values. */
export function namesPiece(of: string, names: Iterable<string>): readonly NamedPiece[] {
  const distinct = [...new Set(names)].filter((name) => name !== "");
  return distinct.length === 0 ? [] : [{ name: `names of ${of}`, value: distinct.join("."), ofNames: true }];
}

/** What the parts of a form carry: short contents, names of files, and the names of both. */
function partValues(text: string, boundary: string): readonly NamedPiece[] {
  const pieces: NamedPiece[] = [];
  const names: string[] = [];
  for (const part of text.split(`--${boundary}`, MOST)) {
    const [head = "", ...rest] = part.replace(/^\r?\n/, "").split(/\r?\n\r?\n/);
    const content = rest.join("\n\n").replace(/\r?\n$/, "");
    const name = /[;\s]name="?([^";\r\n]{0,500})/i.exec(head)?.[1] ?? "";
    const file = /[;\s]filename\*?="?([^";\r\n]{1,500})/i.exec(head)?.[1];
    names.push(name);
    if (file !== undefined) pieces.push({ name: `file of ${name}`, value: file });
    if (content !== "" && content.length <= LONGEST_TEXT) pieces.push({ name, value: content });
  }
  return [...pieces, ...namesPiece("parts", names)];
}

/** Values of a query or of a form, decoded once. */
export function queryValues(query: string): readonly NamedPiece[] {
  const pairs = query
    .split(/[&;]/, MOST)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals === -1
        ? { name: "", value: decode(pair) }
        : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) };
    });
  return [
    ...pairs,
    ...namesPiece(
      "pairs",
      pairs.map(({ name }) => name),
    ),
  ];
}

/** Every text and number of a JSON document, in order, under its own key. */
export function jsonValues(text: string): readonly NamedPiece[] {
  try {
    const pieces: NamedPiece[] = [];
    const names = new Set<string>();
    collect("", JSON.parse(text), pieces, names);
    return [...pieces, ...namesPiece("fields", names)];
  } catch {
    return [];
  }
}

function collect(name: string, value: unknown, into: NamedPiece[], names: Set<string>): void {
  if (into.length >= MOST) return;
  if (typeof value === "string" || typeof value === "number") into.push({ name, value: String(value) });
  else if (Array.isArray(value)) for (const part of value) collect(name, part, into, names);
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      names.add(key);
      collect(key, part, into, names);
    }
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
