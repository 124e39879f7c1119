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

/** A view of a view that knows for each byte where it comes from; `origins` has one entry more than there are bytes. */
export function mappedView(below: View, name: string, bytes: Buffer, origins: Uint32Array): View {
  return {
    bytes,
    encodings: [...below.encodings, name],
    locate: (offset, length) => {
      const from = origins[offset] ?? 0;
      const to = origins[offset + length] ?? below.bytes.length;
      return below.locate(from, Math.max(1, to - from));
    },
  };
}
