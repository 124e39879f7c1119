import { Malformed } from "./malformed.ts";

const CR = 0x0d;
const LF = 0x0a;
const MAX_SIZE_DIGITS = 8;
const MAX_TRAILER_BYTES = 8192;

type Step = "size" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailer" | "done";

/**
 * Takes the payload out of a chunked body, however the bytes are cut. Sizes are plain hexadecimal; chunk extensions,
 * bare line ends and signs are refused; trailers are checked for length and dropped.
 */
export class ChunkDecoder {
  #step: Step = "size";
  #size = 0;
  #digits = 0;
  #trailer = "";

  /** Whether the last chunk and the trailers have been read. */
  get done(): boolean {
    return this.#step === "done";
  }

  /** Takes bytes and gives the payload in them, and the bytes that come after the body's end. Throws `Malformed`. */
  push(bytes: Buffer): { readonly payload: readonly Buffer[]; readonly rest: Buffer | undefined } {
    const payload: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && this.#step !== "done") {
      if (this.#step === "data") {
        const end = Math.min(bytes.length, at + this.#size);
        payload.push(bytes.subarray(at, end));
        this.#size -= end - at;
        at = end;
        if (this.#size === 0) this.#step = "data-cr";
      } else {
        this.#take(bytes[at] ?? 0);
        at++;
      }
    }
    return { payload, rest: at < bytes.length ? bytes.subarray(at) : undefined };
  }

  #take(byte: number): void {
    switch (this.#step) {
      case "size":
        this.#takeSize(byte);
        return;
      case "size-lf":
        if (byte !== LF) throw new Malformed("a chunk size that does not end in CRLF");
        this.#step = this.#size === 0 ? "trailer" : "data";
        this.#digits = 0;
        return;
      case "data-cr":
        if (byte !== CR) throw new Malformed("a chunk longer than its size");
        this.#step = "data-lf";
        return;
      case "data-lf":
        if (byte !== LF) throw new Malformed("a chunk that does not end in CRLF");
        this.#step = "size";
        return;
      case "trailer":
        this.#takeTrailer(byte);
        return;
      case "data":
      case "done":
        return;
    }
  }

  #takeSize(byte: number): void {
    if (byte === CR && this.#digits > 0) {
      this.#step = "size-lf";
      return;
    }
    const digit = hexDigit(byte);
    if (digit === undefined) throw new Malformed("a chunk size that is not plain hexadecimal");
    this.#digits++;
    if (this.#digits > MAX_SIZE_DIGITS) throw new Malformed("a chunk size that is too long");
    this.#size = this.#size * 16 + digit;
  }

  #takeTrailer(byte: number): void {
    this.#trailer += String.fromCharCode(byte);
    if (this.#trailer.length > MAX_TRAILER_BYTES) throw new Malformed("trailers that are too long");
    if (byte === LF && !this.#trailer.endsWith("\r\n")) throw new Malformed("a trailer that ends in a bare LF");
    if (this.#trailer === "\r\n" || this.#trailer.endsWith("\r\n\r\n")) {
      this.#step = "done";
      this.#trailer = "";
    }
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
