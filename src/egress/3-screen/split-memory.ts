import type { KnownValue } from "../../detect/known-values.ts";

/** Remembers the small pieces that left, so that a secret cannot leave one piece at a time. */
export type SplitMemory = {
  /** Notes a piece; the name of the secret that the pieces of this stream now make up, if they do. */
  add(stream: string, piece: string): string | undefined;
};

const MOST_STREAMS = 512;
const LONGEST_PIECE = 512;

/** A memory of bounded size; streams that were not used for longest are forgotten first. */
export function makeSplitMemory(values: readonly KnownValue[]): SplitMemory {
  const wanted = values
    .map(({ name, value }) => ({ name, text: squeeze(value) }))
    .filter(({ text }) => text.length >= 8)
    .flatMap(({ name, text }) => [text, [...text].reverse().join("")].map((form) => ({ name, form })));
  const longest = Math.max(0, ...wanted.map(({ form }) => form.length));
  const tails = new Map<string, string>();
  return {
    add: (stream, piece) => {
      if (piece.length > LONGEST_PIECE || wanted.length === 0) return undefined;
      const tail = (tails.get(stream) ?? "") + squeeze(piece);
      tails.delete(stream);
      tails.set(stream, tail.slice(-2 * longest));
      if (tails.size > MOST_STREAMS) tails.delete(tails.keys().next().value ?? "");
      const found = wanted.find(({ form }) => tail.includes(form));
      if (found === undefined) return undefined;
      // the piece that was refused has not left: another one could complete the secret in its place
      tails.set(stream, tail.slice(0, Math.max(0, tail.length - squeeze(piece).length)));
      return found.name;
    },
  };
}

function squeeze(text: string): string {
  return text.replace(/[^0-9A-Za-z]/g, "").toLowerCase();
}
