import { normaliseLetters, readTags } from "./letters.ts";
import { unescapeView } from "./unescape.ts";
import { plainView } from "./view.ts";

const SHORTEST = 12;
const MOST_TEXTS = 5_000;
const MOST_PARTS = 200;
const LONGEST_PART = 20_000;
const MARKDOWN_COMMENT = /^ {0,3}\[\/\/\]: # [("]([^\n]{8,2000})[)"]/gm;
const HIDDEN_OPENING =
  /<(\w{1,12})\b[^<>]{0,400}?(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?![.\d])|\bhidden\b|aria-hidden\s?=\s?["']?true|color\s?:\s?(?:white|#fff(?:fff)?)\b|left\s?:\s?-\d{4,})[^<>]{0,400}>/gi;
const ATTRIBUTE =
  /\b(?:alt|title|aria-label|content|placeholder|data-[\w-]{1,30})\s?=\s?(?:"([^"]{20,2000})"|'([^']{20,2000})')/gi;

/** The texts of a reply, each to be judged by itself: a whole document, or the names and values of one in JSON. */
export function replyTexts(bytes: Buffer): readonly string[] {
  const text = bytes.toString("utf8").replaceAll("\0", ""); // two bytes a letter read as one
  const start = /^\s*([[{])/.exec(text.slice(0, 64))?.[1];
  if (start === undefined) return [text];
  try {
    const texts: string[] = [];
    collect(JSON.parse(text), texts);
    return texts;
  } catch {
    return [text];
  }
}

function collect(value: unknown, into: string[]): void {
  if (into.length >= MOST_TEXTS) return;
  if (typeof value === "string") {
    if (value.length >= SHORTEST) into.push(value);
  } else if (Array.isArray(value)) for (const part of value) collect(part, into);
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      if (key.length >= SHORTEST) into.push(key);
      collect(part, into);
    }
  }
}

/** A text as its reader understands it, in small letters: escapes undone, look-alikes plain, markup gone. */
export function visibleText(text: string): string {
  let bytes = Buffer.from(text);
  if (/[&\\%]/.test(text)) bytes = Buffer.from(unescapeView(plainView(bytes))?.bytes ?? bytes);
  const plain = normaliseLetters(bytes) ?? bytes;
  const shown = withoutComments(plain.toString("utf8"))
    .replace(MARKDOWN_COMMENT, " ")
    .replace(/<\/?(?:code|pre|q|blockquote|samp|kbd)\b[^>]{0,200}>/gi, "`")
    .replace(/<\/?[a-z][^<>|]{0,400}>/gi, " ")
    .replace(/[*_]{1,3}(?=\w)|(?<=\w)[*_]{2,3}/g, (marks) => (marks === "_" ? "_" : ""))
    .replace(/[ \t\r\f\v\u00a0]+/g, " ")
    .toLowerCase();
  // Cyrillic that is meant as such was made Latin above: the text as it was follows, for the languages that use it
  return /[\u0400-\u04ff]{4}/.test(text) ? `${shown}\n${text.toLowerCase()}` : shown;
}

/** Parts that a model reads and a person does not see. */
export function* hiddenParts(text: string): Generator<{ readonly text: string; readonly how: string }> {
  let parts = 0;
  const found = [
    ...commentsOf(text).map(([start, end]) => ({ text: text.slice(start + 4, end - 3), how: "comment" })),
    ...matchesOf(text, MARKDOWN_COMMENT, "comment"),
    ...hiddenElements(text),
    ...matchesOf(text, ATTRIBUTE, "attribute"),
  ];
  for (const part of found) if (++parts <= MOST_PARTS) yield part;
  const tags = readTags(text);
  if (tags !== "") yield { text: tags, how: "invisible letters" };
}

/** Where comments of HTML stand. A text full of beginnings is searched once, not once for each of them. */
function commentsOf(text: string): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let start = text.indexOf("<!--"); start !== -1; ) {
    const end = text.indexOf("-->", start + 4);
    if (end === -1) break;
    found.push([start, end + 3]);
    start = text.indexOf("<!--", end + 3);
  }
  return found;
}

function withoutComments(text: string): string {
  let [out, from] = ["", 0];
  for (const [start, end] of commentsOf(text)) {
    out += `${text.slice(from, start)} `;
    from = end;
  }
  return out + text.slice(from);
}

function* hiddenElements(text: string): Generator<{ readonly text: string; readonly how: string }> {
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const none = new Set<string>();
  for (const { 0: opening, 1: name = "", index } of text.matchAll(HIDDEN_OPENING)) {
    const closing = `</${name.toLowerCase()}`;
    if (none.has(closing)) continue;
    const start = index + opening.length;
    const end = lower.indexOf(closing, start);
    if (end === -1) none.add(closing);
    else yield { text: text.slice(start, Math.min(end, start + LONGEST_PART)), how: "hidden element" };
  }
}

function* matchesOf(
  text: string,
  form: RegExp,
  how: string,
): Generator<{ readonly text: string; readonly how: string }> {
  for (const match of text.matchAll(form)) {
    const inner = match.slice(1).findLast((group) => group !== undefined && group.length >= 8);
    if (inner !== undefined) yield { text: inner, how };
  }
}
