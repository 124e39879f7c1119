/** Tokens as a model's provider counts them. */
export type TokenUsage = { readonly input: number; readonly output: number };

const LONGEST_FIELD = 64;
const FIELD =
  /(?<!\\)"((?:cache_creation_|cache_read_)?input_tokens|output_tokens)"\s{0,4}:\s{0,4}(\d{1,12})(?=[^\d])/g;

/**
 * Reads how many tokens an answer took from the numbers in it, as it streams by: those of the Messages API (whose input is
 * without what was cached) and of the Responses API. Streams repeat a number as it grows: the largest of each name counts.
 * In a text that a model wrote the quotes are escaped; only in an answer that is not streamed could a model write numbers of
 * its own, as input of a tool. The sum is a service, not a measure to pay by.
 */
export class UsageMeter {
  readonly #largest = new Map<string, number>();
  #tail = "";

  push(piece: Uint8Array): void {
    const text = this.#tail + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    for (const [, name = "", digits] of text.matchAll(FIELD)) {
      this.#largest.set(name, Math.max(this.#largest.get(name) ?? 0, Number(digits)));
    }
    this.#tail = text.slice(-LONGEST_FIELD);
  }

  /** What was counted; undefined for an answer that tells of no tokens. */
  total(): TokenUsage | undefined {
    if (this.#largest.size === 0) return undefined;
    const count = (name: string) => this.#largest.get(name) ?? 0;
    const input = count("input_tokens") + count("cache_creation_input_tokens") + count("cache_read_input_tokens");
    return { input, output: count("output_tokens") };
  }
}
