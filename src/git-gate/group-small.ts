import type { GitObject } from "./object-reader.ts";
import type { Scan } from "./push-finding.ts";

/** So much that what the search does with short texts only is done with all of them, bytes */
const MOST_BYTES = 64 * 1024;
/** Larger ones are searched by themselves, bytes */
const LARGEST = 16 * 1024;
/** Part of no encoding, no line and no word */
const BETWEEN = Buffer.from("\n\x01\n");
const PLAIN = /^[\t\n\r\x20-\x7e]*$/;
/** As many of them in one text, and all are undone */
const MOST_QUOTED = 3;
const QUOTED = /=[0-9A-Fa-f]{2}/g;

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
  const text = bytes.toString("latin1");
  if (!PLAIN.test(text)) return undefined;
  const marks = text.match(QUOTED)?.length ?? 0;
  return marks > MOST_QUOTED ? undefined : marks;
}

/** First byte of what `zlib` packs, the only mark of something packed that is a letter */
const DEFLATE = 0x78;
