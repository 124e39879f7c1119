import type { GitObject } from "./object-reader.ts";
import type { Scan } from "./push-finding.ts";

/** So much that what the search does with short texts only is done with all of them, bytes */
const MOST_BYTES = 64 * 1024;
/** Larger ones are searched by themselves, bytes */
const LARGEST = 16 * 1024;
/** Part of no encoding, no line and no word */
const BETWEEN = Buffer.from("\n\x01\n");
/** As many of them in one text, and all are undone */
const MOST_QUOTED = 3;

/** Objects that are searched in one text, or one that has to be searched by itself. */
export type Group = { readonly objects: readonly GitObject[]; readonly together: boolean };

/**
 * Puts small files of plain text together, in their order: most of the cost of a short search is its beginning. Whatever may
 * be read differently because of what stands before or behind it stays by itself.
 */
export async function* groupSmall(objects: AsyncIterable<GitObject>): AsyncGenerator<Group> {
  let some: GitObject[] = [];
  let [bytes, quoted] = [0, 0];
  for await (const object of objects) {
    const marks = countQuoted(object);
    const size = object.size + BETWEEN.length;
    if (some.length > 0 && (marks === undefined || bytes + size > MOST_BYTES || quoted + marks > MOST_QUOTED)) {
      yield { objects: some, together: some.length > 1 };
      some = [];
      [bytes, quoted] = [0, 0];
    }
    if (marks === undefined) {
      yield { objects: [object], together: false };
      continue;
    }
    some.push(object);
    bytes += size;
    quoted += marks;
  }
  if (some.length > 0) yield { objects: some, together: some.length > 1 };
}

/** Whether nothing at all is found in some objects, and nothing was left out. */
export function isClean({ objects }: Group, scan: Scan): boolean {
  let cut = false;
  const findings = scan(Buffer.concat(objects.flatMap(({ bytes }) => [bytes, BETWEEN])), () => {
    cut = true;
  });
  return findings.length === 0 && !cut;
}

/** How many marks of quoted-printable a file of plain text has; undefined for one that is searched by itself. */
function countQuoted({ type, size, bytes }: GitObject): number | undefined {
  if (type !== "blob" || size > LARGEST || bytes[0] === DEFLATE) return undefined;
  const kinds = KINDS;
  let [seen, marks] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const kind = kinds[bytes[at] as number] as number;
    seen |= kind;
    if (kind !== EQUALS || at + 2 >= bytes.length) continue;
    marks += (kinds[bytes[at + 1] as number] as number) & (kinds[bytes[at + 2] as number] as number) & HEX;
  }
  return (seen & OTHER) !== 0 || marks > MOST_QUOTED ? undefined : marks;
}

/** First byte of what `zlib` packs, the only mark of something packed that is a letter */
const DEFLATE = 0x78;
const [HEX, EQUALS, OTHER] = [1, 2, 4];
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (!/[\t\n\r\x20-\x7e]/.test(character)) return OTHER;
  return character === "=" ? EQUALS : /[0-9A-Fa-f]/.test(character) ? HEX : 0;
});
