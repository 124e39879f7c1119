/** Where a Kubernetes object says of what kind it is; in any case. */
export const KIND_ANCHOR = "kind";
/** How far its data may stand from that, either way */
export const KIND_AROUND = 8 * 1024;

const KIND = /^kind["']?[ \t]{0,8}:[ \t]{0,8}["']?[Ss]ecret["']?[ \t]{0,80}(?=[\r\n,}]|$)/;
const LONGEST_KIND = 128;
const DATA = /(?:^|[\n{,])([ \t]{0,40})["']?data["']?[ \t]{0,8}:/g;
const VALUE =
  /:[ \t]{0,8}(?:[>|][+-]?[ \t]{0,8}\r?\n[ \t]{0,40})?["']?([0-9A-Za-z+/]{10,}={0,2}(?:\r?\n[ \t]{1,40}[0-9A-Za-z+/]{40,}={0,2}){0,200})(?![^\s"',}])/g;
const SHORTEST = 12;

/**
 * Whether the word at `offset` says so, and what stands around it was not read with the word at `last`: a text that says it
 * in every line would else be read as often as it has lines.
 */
export function isSecretKind(bytes: Buffer, offset: number, last: number | undefined): boolean {
  if (offset > 0 && /[\w.-]/.test(bytes.toString("latin1", offset - 1, offset))) return false;
  if (!KIND.test(bytes.toString("latin1", offset, offset + LONGEST_KIND))) return false;
  return last === undefined || offset - last > KIND_AROUND / 2 || bytes.subarray(last, offset).includes("\n---");
}

/** The values of a Kubernetes Secret, whose kind is told at `at`: base64 hides nothing. */
export function readKubernetesSecret(
  text: string,
  at: number,
): readonly { readonly start: number; readonly value: string }[] {
  const begin = text.lastIndexOf("\n---", at) + 1;
  const next = text.indexOf("\n---", at);
  const object = text.slice(begin, next === -1 ? text.length : next);
  const found: { readonly start: number; readonly value: string }[] = [];
  DATA.lastIndex = 0;
  for (let data = DATA.exec(object); data !== null; data = DATA.exec(object)) {
    const { 0: all, 1: indent = "", index } = data;
    const from = index + all.length;
    const end = endOf(object, from, indent);
    for (const { 0: pair, 1: value = "", index: place } of object.slice(from, end).matchAll(VALUE)) {
      if (value.length < SHORTEST) continue;
      const start = begin + from + place + pair.length - value.length - (/["']$/.test(pair) ? 1 : 0);
      found.push({ start, value });
    }
    DATA.lastIndex = end; // what is deeper was read
  }
  return found;
}

/** What stands deeper than the name, or in its braces. */
function endOf(object: string, from: number, indent: string): number {
  if (/^\s*\{/.test(object.slice(from, from + 40))) {
    const end = object.indexOf("}", from);
    return end === -1 ? object.length : end;
  }
  for (let line = object.indexOf("\n", from); line !== -1; line = object.indexOf("\n", line + 1)) {
    const [, depth = "", first] = /^([ \t]*)([^\s#])?/.exec(object.slice(line + 1, line + 100)) ?? [];
    if (first !== undefined && depth.length <= indent.length) return line;
  }
  return object.length;
}
