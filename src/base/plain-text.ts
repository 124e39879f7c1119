/**
 * Everything that a terminal or a reader could take for something else than the character it is: controls (C0, DEL, C1),
 * format characters (bidi overrides and isolates, zero-width, soft hyphen, tags, byte order mark), line and paragraph
 * separators, variation selectors of the supplement (used to hide data), fillers that show as nothing, and surrogates
 * without a partner.
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u17b4\u17b5\u3164\uffa0]|\u034f|[\u{e0100}-\u{e01ef}]/gu;

const NAMED = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** Any text as one line that is safe to print: whatever is not plainly visible is written as an escape (`\x1b`). */
export function showHarmlessly(text: string): string {
  return text.replace(HARMFUL, writeEscape);
}

/** Like `showHarmlessly`, but keeps the line breaks (`\n`). */
export function showLinesHarmlessly(text: string): string {
  return text.replace(HARMFUL, (character) => (character === "\n" ? character : writeEscape(character)));
}

function writeEscape(character: string): string {
  const named = NAMED.get(character);
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
