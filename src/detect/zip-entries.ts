import { constants, inflateRawSync } from "node:zlib";

/** One packed file of a zip archive, where it begins, and how many bytes had to be unpacked for it, also when they are broken. */
export type ZipEntry = { readonly start: number; readonly bytes: Buffer; readonly cost: number };

const MARK = Buffer.from("PK\x03\x04", "latin1");
const HEADER = 30;
const DEFLATED = 8;

/** Where the files of a zip archive begin, wherever it stands itself. */
export function* placesOfZip(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(MARK); at !== -1; at = bytes.indexOf(MARK, at + MARK.length)) yield at;
}

/**
 * The file whose header stands at `at`, as much of it as is there and at most `limit` bytes; undefined for one that is not
 * packed, which can be read where it stands, and for what cannot be unpacked.
 */
export function unpackZipEntry(bytes: Buffer, at: number, limit: number): ZipEntry | undefined {
  if (at + HEADER > bytes.length || bytes.readUInt16LE(at + 8) !== DEFLATED) return undefined;
  const start = at + HEADER + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  // what is said of its length may be wrong, or come behind it: deflate knows its own end
  const packed = bytes.subarray(start);
  if (packed.length === 0) return undefined;
  const whole = inflate(packed, limit) ?? inflate(packed.subarray(0, BEGINNING), BEGINNING * MOST_RATIO);
  if (whole !== undefined) return { start: at, bytes: whole, cost: whole.length };
  // what is encrypted, or no archive at all, breaks at once
  return { start: at, bytes: NOTHING, cost: inflatesTo(packed, LITTLE) ? limit : 0 };
}

const NOTHING = Buffer.alloc(0);
/** Of a file that unpacks to more than may be held, its beginning is read */
const BEGINNING = 8 * 1024;
/** Deflate cannot pack more tightly */
const MOST_RATIO = 1_040;
const LITTLE = 64 * 1024;

/** Whether more than so much comes out of it before it breaks. */
function inflatesTo(packed: Buffer, most: number): boolean {
  try {
    inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most });
    return false;
  } catch (error) {
    return error instanceof RangeError; // Node's word for more than it may make
  }
}

function inflate(packed: Buffer, maxOutputLength: number): Buffer | undefined {
  try {
    return inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength });
  } catch {
    return undefined;
  }
}
