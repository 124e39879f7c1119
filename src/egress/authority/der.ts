/** One value in the distinguished encoding rules (X.690): a tag, a length, the content. */
export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body]);
}

/** Tags that certificates are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

/** A list of values. */
export function encodeSequence(...parts: readonly Uint8Array[]): Buffer {
  return encodeDer(TAG.sequence, ...parts);
}

/** A number of any length that is not negative, from its bytes: shortest form, and never with the sign bit set. */
export function encodeUnsigned(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const shortest = start === -1 ? Buffer.from([0]) : bytes.subarray(start);
  const sign = (shortest[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
  return encodeDer(TAG.integer, ...sign, shortest);
}

/** An object identifier from its dotted text. */
export function encodeOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return encodeDer(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(encodeArc)]));
}

/** A moment, to the second, in the form that RFC 5280 4.1.2.5 asks for: two digits of the year before 2050. */
export function encodeTime(time: Date): Buffer {
  const digits = `${time.toISOString().replace(/[-:T]|\.\d+Z$/g, "")}Z`;
  if (time.getUTCFullYear() >= 2050) return encodeDer(TAG.generalizedTime, Buffer.from(digits));
  return encodeDer(TAG.utcTime, Buffer.from(digits.slice(2)));
}

/** Whole bytes as a string of bits; `unused` of the last ones do not count. */
export function encodeBits(bytes: Uint8Array, unused = 0): Buffer {
  return encodeDer(TAG.bitString, Buffer.from([unused]), bytes);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  const shortest = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([0x80 | shortest.length]), shortest]);
}

function encodeArc(arc: number): readonly number[] {
  const digits = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}
