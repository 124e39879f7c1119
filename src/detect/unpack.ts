import * as zlib from "node:zlib";
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

/** What came out of a packed body, or why nothing did. */
export type Unpacked =
  | { readonly kind: "unpacked"; readonly bytes: Buffer }
  | { readonly kind: "unknown-encoding" }
  | { readonly kind: "broken" };

/** Undoes a list of content encodings, last first, to at most `limit` bytes. */
export function unpack(bytes: Buffer, encodings: readonly string[], limit: number): Unpacked {
  let current = bytes;
  for (const encoding of encodings.toReversed()) {
    if (encoding === "identity" || encoding === "") continue;
    const decode = decoderOf(encoding);
    if (decode === undefined) return { kind: "unknown-encoding" };
    try {
      current = decode(current, limit);
    } catch {
      return { kind: "broken" };
    }
  }
  return { kind: "unpacked", bytes: current };
}

type Decode = (bytes: Buffer, maxOutputLength: number) => Buffer;

function decoderOf(encoding: string): Decode | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength });
    case "deflate":
      return (bytes, maxOutputLength) => {
        try {
          return inflateSync(bytes, { maxOutputLength });
        } catch {
          return inflateRawSync(bytes, { maxOutputLength }); // what many servers send under this name
        }
      };
    case "br":
      return (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength });
    case "zstd": {
      // Node 22.15 and later
      const zstd: unknown = Reflect.get(zlib, "zstdDecompressSync");
      return typeof zstd === "function"
        ? (bytes, maxOutputLength) => Buffer.from(Reflect.apply(zstd, undefined, [bytes, { maxOutputLength }]))
        : undefined;
    }
    default:
      return undefined;
  }
}

/** What the beginning of something packed holds, whether or not the rest is there or would ever end. */
export function unpackBeginning(bytes: Buffer): Buffer | undefined {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: BEGINNING_BYTES * MOST_RATIO };
  try {
    const beginning = bytes.subarray(0, BEGINNING_BYTES);
    return bytes[0] === 0x1f ? gunzipSync(beginning, options) : inflateSync(beginning, options);
  } catch {
    return undefined;
  }
}

const BEGINNING_BYTES = 8 * 1024;
/** Deflate cannot pack more tightly */
const MOST_RATIO = 1_040;
