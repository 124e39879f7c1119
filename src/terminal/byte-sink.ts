/** A buffer that grows as it is written to. */
export type ByteSink = {
  /** Appends the bytes from `start` up to `end`. */
  copy(bytes: Uint8Array, start: number, end: number): void;
  byte(value: number): void;
  /** Appends text, one byte for each character. */
  ascii(text: string): void;
  /** Everything written since the last time, as a buffer of its own. */
  take(): Uint8Array;
};

/** An empty sink. */
export function makeByteSink(): ByteSink {
  let buffer = Buffer.allocUnsafe(1024);
  let length = 0;
  const reserve = (more: number) => {
    if (length + more <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + more));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  return {
    copy: (bytes, start, end) => {
      reserve(end - start);
      buffer.set(bytes.subarray(start, end), length);
      length += end - start;
    },
    byte: (value) => {
      reserve(1);
      buffer[length++] = value;
    },
    ascii: (text) => {
      reserve(text.length);
      length += buffer.write(text, length, "latin1");
    },
    take: () => {
      const taken = Buffer.from(buffer.subarray(0, length));
      length = 0;
      return taken;
    },
  };
}
