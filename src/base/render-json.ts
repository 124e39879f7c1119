/** Control and direction characters that JSON leaves as they are, and a terminal or an eye does not. */
const HARMFUL = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A value as JSON that is the same to a program and harmless on a terminal, whatever its texts come from. */
export function renderJson(value: unknown, indent?: number): string {
  const spell = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, undefined, indent).replaceAll(HARMFUL, spell);
}
