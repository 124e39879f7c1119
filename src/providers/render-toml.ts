import { isJsonObject } from "../base/parse-json.ts";

/** Settings as TOML: what has no form there (`null`, `undefined`) is left out. */
export function renderToml(settings: Readonly<Record<string, unknown>>): string {
  return `${renderTable(settings, []).join("\n")}\n`;
}

function renderTable(table: Readonly<Record<string, unknown>>, path: readonly string[]): readonly string[] {
  const entries = Object.entries(table).filter(([, value]) => value !== null && value !== undefined);
  const plain = entries.filter(([, value]) => !isJsonObject(value));
  const inner = entries.flatMap(([key, value]) => (isJsonObject(value) ? renderTable(value, [...path, key]) : []));
  const lines = plain.map(([key, value]) => `${renderKey(key)} = ${renderValue(value)}`);
  const head =
    path.length > 0 && (lines.length > 0 || inner.length === 0) ? [`[${path.map(renderKey).join(".")}]`] : [];
  return [...head, ...lines, ...inner];
}

/** A bare key where it can be one; JSON's strings are strings of TOML, except for one escape that it does not have. */
function renderKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : renderText(key);
}

function renderText(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}

function renderValue(value: unknown): string {
  if (typeof value === "string") return renderText(value);
  if (Array.isArray(value))
    return `[${value
      .filter((one) => one !== null)
      .map(renderValue)
      .join(", ")}]`;
  if (isJsonObject(value)) {
    const pairs = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
    return `{${pairs.map(([key, one]) => `${renderKey(key)} = ${renderValue(one)}`).join(", ")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value))
    return String(value).replace("Infinity", "inf").toLowerCase();
  return String(value);
}
