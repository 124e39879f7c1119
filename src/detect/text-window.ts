/** Bytes as text, as much of them as is looked at: making a text of all of them takes longer than searching them. */
export type TextWindow = {
  /** The text that has at least `before` bytes before a place and `after` behind it, as far as there are so many */
  at(place: number, before: number, after: number): { readonly text: string; readonly start: number };
};

/** Most places that are looked at are near each other */
const LEAST = 4 * 1024;

/** A window that moves over the bytes; a letter for each of them, whatever they are. */
export function makeTextWindow(bytes: Buffer): TextWindow {
  let [text, start, end] = ["", 0, 0];
  return {
    at: (place, before, after) => {
      const from = Math.max(0, place - before);
      const to = Math.min(bytes.length, place + after);
      if (from < start || to > end) {
        start = from;
        end = Math.min(bytes.length, Math.max(to, from + LEAST));
        text = bytes.toString("latin1", start, end);
      }
      return { text, start };
    },
  };
}
