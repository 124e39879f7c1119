import type { Finding } from "./finding.ts";

const SLICE_BYTES = 256 * 1024;
/** What two slices have in common, so that nothing up to this length is cut */
const OVERLAP_BYTES = 16 * 1024;

/** What was found in one slice; places are those of the whole. */
export type Slice = {
  /** Bytes up to which the search is done */
  readonly end: number;
  /** What the slice before did not have */
  readonly findings: readonly Finding[];
  /** How many the slice has in all */
  readonly total: number;
};

/** Searches bytes of any length slice by slice, and lets other work go on between two of them. */
export async function* scanSlices(
  bytes: Buffer,
  scan: (slice: Buffer) => readonly Finding[],
): AsyncGenerator<Slice, void, void> {
  let before = new Set<string>();
  for (let start = 0; ; start += SLICE_BYTES - OVERLAP_BYTES) {
    const end = Math.min(start + SLICE_BYTES, bytes.length);
    const found = scan(bytes.subarray(start, end)).map((one) => ({ ...one, offset: one.offset + start }));
    yield { end, findings: found.filter((one) => !before.has(keyOf(one))), total: found.length };
    if (end === bytes.length) return;
    before = new Set(found.map(keyOf));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What lies in the overlap is found twice. */
function keyOf({ rule, offset, length, digest }: Finding): string {
  return `${rule} ${offset} ${length} ${digest}`;
}
