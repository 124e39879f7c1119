const LONGEST_QUOTE = 60;

/** A word from a manifest as part of a sentence: in quotes, shortened, nothing in it that a terminal would obey. */
export function quote(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return `"${makePlain(short)}"`;
}

/** Text of the same length in which every control, format and unpaired character is replaced by `U+FFFD`. */
export function makePlain(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/gu, (found) => "\uFFFD".repeat(found.length));
}

/** Words as a list in a sentence, each in quotes; says so when there are none. */
export function quoteAll(words: Iterable<string>): string {
  const all = [...words].map(quote);
  return all.length === 0 ? "none" : all.join(", ");
}
