/** Shorter ones say nothing */
const SHORTEST = 8;
/** How much of decoded bytes is looked at, and how far apart; before the second sample only the first one counts */
const SAMPLE = 48;
const SAMPLE_STEP = 256;
const [TEXT, NUL] = [1, 2];
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0) return NUL;
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09 ? TEXT : 0;
});
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => digitOf(String.fromCharCode(byte)));

/** Text, or something that says it is packed; anything else decodes to noise. */
export function isMeaningful(bytes: Buffer): boolean {
  if (bytes.length < SHORTEST) return false;
  if (isPacked(bytes) || isZip(bytes)) return true;
  for (let from = 0; from < bytes.length; from += SAMPLE_STEP) if (isText(bytes, from)) return true;
  return false;
}

/**
 * Whether a stretch of base64 digits may mean something, as far as its first bytes tell; what cannot is not worth decoding.
 * Tells `true` for stretches that are too long to say so.
 */
export function mayMeanSomething(digits: Uint8Array, start: number, end: number): boolean {
  const length = Math.floor(((end - start) * 3) / 4);
  if (length >= SAMPLE_STEP + SAMPLE) return true;
  if (length < SHORTEST) return false;
  const sample = Math.min(length, SAMPLE);
  let [text, nul, bits, value] = [0, 0, 0, 0];
  for (let at = start, decoded = 0; decoded < sample; at++) {
    value = (value << 6) | (DIGITS[digits[at] as number] as number); // older bits fall off at the top
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (value >> bits) & 0xff;
    const kind = KINDS[byte];
    if (kind === TEXT) text++;
    else if (kind === NUL) nul++;
    if (decoded++ === 0 && BEGINS_PACKED.has(byte)) return true;
  }
  return isMostlyText(text, nul, sample);
}

/** First bytes of gzip, zstd, zip and zlib */
const BEGINS_PACKED: ReadonlySet<number> = new Set([0x1f, 0x28, 0x50, 0x78]);

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** Whether bytes begin as gzip, zlib or zstd do. */
export function isPacked(bytes: Uint8Array): boolean {
  const [a, b] = bytes;
  if (a === 0x1f && b === 0x8b) return true;
  if (a === 0x28 && b === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) return true;
  return a === 0x78 && b !== undefined && ((a << 8) | b) % 31 === 0;
}

function isText(bytes: Buffer, from: number): boolean {
  const sample = Math.min(bytes.length - from, SAMPLE);
  if (from > 0 && sample < SAMPLE) return false;
  let text = 0;
  let nul = 0;
  for (let at = from; at < from + sample; at++) {
    const kind = KINDS[bytes[at] as number];
    if (kind === TEXT) text++;
    else if (kind === NUL) nul++;
  }
  return isMostlyText(text, nul, sample);
}

function isMostlyText(text: number, nul: number, sample: number): boolean {
  return text >= sample * 0.7 || (nul >= sample * 0.35 && text >= sample * 0.35);
}

function digitOf(character: string): number {
  if (character === "-") return 62;
  if (character === "_") return 63;
  return Math.max(0, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(character));
}
