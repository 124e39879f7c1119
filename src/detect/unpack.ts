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

/**
 * What is packed at the beginning of some bytes, whatever stands behind it and whether or not its end is there; at most `limit`
 * bytes, or what its own beginning holds when it is more.
 */
export function unpackFirst(bytes: Buffer, encoding: string, limit: number): Buffer | undefined {
  const unpacked = unpack(bytes, [encoding], limit);
  if (unpacked.kind === "unpacked") return unpacked.bytes;
  if (encoding !== "gzip" || bytes[0] !== GZIP) return undefined;
  const start = endOfGzipHeader(bytes);
  try {
    // unlike gunzip it stops at the end of what is packed
    if (start !== undefined) return inflateRawSync(bytes.subarray(start), { maxOutputLength: limit });
  } catch {
    // cut, or too much
  }
  return unpackBeginning(bytes);
}

/** RFC 1952 §2.3. */
function endOfGzipHeader(bytes: Buffer): number | undefined {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end === -1) return undefined;
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at < bytes.length ? at : undefined;
}

/** What the beginning of something packed holds, whether or not the rest is there or would ever end. */
export function unpackBeginning(bytes: Buffer): Buffer | undefined {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: BEGINNING_BYTES * MOST_RATIO };
  try {
    const beginning = bytes.subarray(0, BEGINNING_BYTES);
    return bytes[0] === GZIP ? gunzipSync(beginning, options) : inflateSync(beginning, options);
  } catch {
    return undefined;
  }
}

const GZIP = 0x1f;
const MARKS = [
  ["gzip", Buffer.from([0x1f, 0x8b, 0x08])],
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
] as const;

/** Where something packed that says so begins, except at the first byte. */
export function* placesOfPacked(bytes: Buffer): Generator<readonly [string, number]> {
  for (const [encoding, mark] of MARKS) {
    for (let at = bytes.indexOf(mark, 1); at !== -1; at = bytes.indexOf(mark, at + 1)) yield [encoding, at];
  }
}

const BEGINNING_BYTES = 8 * 1024;
/** Deflate cannot pack more tightly */
const MOST_RATIO = 1_040;

/** What comes out of bytes that are no text and do not say how they are packed, when text comes out. */
export function unpackUnmarked(
  bytes: Buffer,
  limit: number,
): { readonly encoding: string; readonly bytes: Buffer } | undefined {
  if (!mayBeUnmarked(bytes)) return undefined;
  for (const [encoding, decode] of [
    ["br", brotliDecompressSync],
    ["deflate", inflateRawSync],
  ] as const) {
    try {
      const unpacked = decode(bytes, { maxOutputLength: limit });
      if (unpacked.length > 0 && isMostlyText(unpacked)) return { encoding, bytes: unpacked };
    } catch {
      // packed in another way, or not at all
    }
  }
  return undefined;
}

/** Whether bytes are no text, so that they may be packed without saying so. */
export function mayBeUnmarked(bytes: Buffer): boolean {
  return bytes.length >= LEAST_UNMARKED && !isMostlyText(bytes);
}

function isMostlyText(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, 64);
  let text = 0;
  for (const byte of sample)
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) text++;
  return text >= sample.length * 0.8;
}

const LEAST_UNMARKED = 8;
