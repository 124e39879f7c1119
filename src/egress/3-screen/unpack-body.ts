import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { Unpacked } from "../../detect/unpack.ts";

/** Nobody packs a body more often: a text that unpacks to itself would never end */
const MOST_LAYERS = 3;

type Decode = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** Undoes the content encodings of a body, last first, to at most `limit` bytes, while other work goes on. */
export async function unpackBody(bytes: Buffer, encodings: readonly string[], limit: number): Promise<Unpacked> {
  const layers = encodings.filter((encoding) => encoding !== "identity" && encoding !== "");
  if (layers.length > MOST_LAYERS) return { kind: "unknown-encoding" };
  let current = bytes;
  for (const encoding of layers.toReversed()) {
    const decode = decoderOf(encoding);
    if (decode === undefined) return { kind: "unknown-encoding" };
    try {
      current = await decode(current, { maxOutputLength: limit });
    } catch {
      return { kind: "broken" };
    }
  }
  return { kind: "unpacked", bytes: current };
}

const gunzip: Decode = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflate: Decode = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);
const inflateRaw: Decode = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);
const brotli: Decode = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress);

function decoderOf(encoding: string): Decode | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return gunzip;
    case "deflate":
      // what many servers take under this name has no head
      return (bytes, options) => inflate(bytes, options).catch(() => inflateRaw(bytes, options));
    case "br":
      return brotli;
    case "zstd":
      return unpackZstd();
    default:
      return undefined;
  }
}

/** Node 22.15 and later. */
function unpackZstd(): Decode | undefined {
  const zstd: unknown = Reflect.get(zlib, "zstdDecompress");
  if (typeof zstd !== "function") return undefined;
  return (bytes, options) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, unpacked: Buffer) => (error === null ? resolve(unpacked) : reject(error));
      Reflect.apply(zstd, undefined, [bytes, options, done]);
    });
}
