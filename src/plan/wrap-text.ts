import { displayWidth, splitGraphemes } from "../base/display-width.ts";

/** A text broken into lines of at most `width` columns: between words, and inside those that are too long; nothing is left off. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((long) => breakWord(long, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function breakWord(word: string, width: number): readonly string[] {
  if (displayWidth(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const part of splitGraphemes(word)) {
    if (used + part.width > width && piece !== "") {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += part.text;
    used += part.width;
  }
  return [...pieces, piece];
}
