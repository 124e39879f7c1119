/** Bytes as they read once something was undone, and where in the original each part stood. */
export type View = {
  readonly bytes: Buffer;
  /** What was undone, outermost first */
  readonly encodings: readonly string[];
  /** The stretch of the original from which a stretch of these bytes comes */
  locate(offset: number, length: number): { readonly offset: number; readonly length: number };
};

/** The bytes themselves. */
export function plainView(bytes: Buffer): View {
  return { bytes, encodings: [], locate: (offset, length) => ({ offset, length }) };
}

/** A view of a view: all of it comes from one stretch below. */
export function stretchView(below: View, name: string, bytes: Buffer, offset: number, length: number): View {
  const whole = below.locate(offset, length);
  return { bytes, encodings: [...below.encodings, name], locate: () => whole };
}

/** Something that was replaced: where it stood, and what came in its place, both in bytes. */
export type Replacement = {
  readonly from: number;
  readonly length: number;
  readonly to: number;
  readonly newLength: number;
};

/** A view in which some things were replaced. */
export type ReplacedView = View & { readonly replaced: readonly Replacement[] };

/** A stretch of a view. */
export function partView({ bytes, encodings, locate }: View, start: number, end: number): View {
  return { bytes: bytes.subarray(start, end), encodings, locate: (offset, length) => locate(start + offset, length) };
}

/** A view of a view in which some things are replaced, told from the left; all else is as it was. */
export function replacedView(below: View, name: string, bytes: Buffer, replaced: readonly Replacement[]): ReplacedView {
  return {
    bytes,
    replaced,
    encodings: [...below.encodings, name],
    locate: (offset, length) => {
      const from = originOf(replaced, offset);
      const to = offset + length > bytes.length ? below.bytes.length : originOf(replaced, offset + length);
      return below.locate(from, Math.max(1, to - from));
    },
  };
}

function originOf(replaced: readonly Replacement[], offset: number): number {
  let [low, high] = [0, replaced.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((replaced[middle]?.to ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const last = replaced[low - 1];
  if (last === undefined) return offset;
  const inside = offset - last.to;
  return inside < last.newLength ? last.from : last.from + last.length + inside - last.newLength;
}
