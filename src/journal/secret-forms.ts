/** Encoded pieces shorter than this are found in innocent text too often to be taken out */
const SHORTEST_ENCODED = 6;
const SHORTEST_LINE = 16;

/** The texts by which a secret may appear in a message: as it is, escaped for JSON, percent-encoded, base64 and hex. */
export function makeSecretForms(secret: string): ReadonlySet<string> {
  if (secret === "") return new Set();
  const forms = new Set([secret]);
  for (const line of secret.split(/\r?\n/)) if (line.length >= SHORTEST_LINE) forms.add(line);
  for (const text of [...forms]) for (const form of encodedForms(text)) forms.add(form);
  return forms;
}

function encodedForms(text: string): readonly string[] {
  const bytes = Buffer.from(text, "utf8");
  const hex = bytes.toString("hex");
  return [
    ...jsonForms(text),
    ...percentForms(bytes),
    ...[0, 1, 2].flatMap((shift) => base64Forms(bytes, shift)),
    ...[hex, hex.toUpperCase()].filter((form) => form.length >= SHORTEST_ENCODED),
  ];
}

function jsonForms(text: string): readonly string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const ascii = plain.replace(/[^\x20-\x7e]/g, escapeUnit);
  return [plain, ascii, plain.replaceAll("/", "\\/"), ascii.replace(/\\u[0-9a-f]{4}/g, upperDigits)];
}

function upperDigits(escaped: string): string {
  return `\\u${escaped.slice(2).toUpperCase()}`;
}

function percentForms(bytes: Buffer): readonly string[] {
  const wellFormed = bytes.toString("utf8");
  const component = encodeURIComponent(wellFormed);
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = strict.replaceAll("%20", "+");
  const every = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  return [encodeURI(wellFormed), component, strict, form, every].flatMap((upper) => [
    upper,
    upper.replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
  ]);
}

/** The part of a base64 text that depends on the secret alone, when `shift` bytes of its last group of three stand before it */
function base64Forms(bytes: Buffer, shift: number): readonly string[] {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
  const start = shift === 0 ? 0 : shift + 1;
  const rest = (bytes.length + shift) % 3;
  const core = whole.slice(start, rest === 0 ? undefined : rest - 4);
  const padded = whole.slice(start);
  return [padded, padded.replace(/=+$/, ""), core]
    .filter((form) => form.length >= SHORTEST_ENCODED)
    .flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}
