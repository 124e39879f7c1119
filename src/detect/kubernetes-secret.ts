/** Where a Kubernetes object says of what kind it is; in any case. */
export const KIND_ANCHOR = "kind";
/** How far its data may stand from that, either way */
export const KIND_AROUND = 8 * 1024;

const KIND = /kind["']?[ \t]{0,8}:[ \t]{0,8}["']?[Ss]ecret["']?[ \t]{0,80}(?=[\r\n,}]|$)/y;
const DATA = /(?:^|[\n{,])([ \t]{0,40})["']?data["']?[ \t]{0,8}:/g;
const VALUE =
  /:[ \t]{0,8}(?:[>|][+-]?[ \t]{0,8}\r?\n[ \t]{0,40})?["']?([0-9A-Za-z+/]{10,}={0,2}(?:\r?\n[ \t]{1,40}[0-9A-Za-z+/]{40,}={0,2}){0,200})(?![^\s"',}])/g;
const SHORTEST = 12;

/** Whether the word at `offset` says so at all: most do not, and a long text around each would be made in vain. */
export function isSecretKind(bytes: Buffer, offset: number): boolean {
  return /^kind["']?[ \t]{0,8}:[ \t]{0,8}["']?[Ss]ecret/.test(bytes.toString("latin1", offset, offset + 32));
}

/** The values of a Kubernetes Secret, whose kind is told at `at`: base64 hides nothing. */
export function readKubernetesSecret(
  text: string,
  at: number,
): readonly { readonly start: number; readonly value: string }[] {
  KIND.lastIndex = at;
  if (/[\w.-]/.test(text[at - 1] ?? "") || !KIND.test(text)) return [];
  const begin = text.lastIndexOf("\n---", at) + 1;
  const next = text.indexOf("\n---", at);
  const object = text.slice(begin, next === -1 ? text.length : next);
  return [...object.matchAll(DATA)].flatMap(({ 0: all, 1: indent = "", index }) => {
    const from = index + all.length;
    return [...object.slice(from, endOf(object, from, indent)).matchAll(VALUE)].flatMap(
      ({ 0: pair, 1: value = "", index: place }) =>
        value.length < SHORTEST
          ? []
          : [{ start: begin + from + place + pair.length - value.length - (/["']$/.test(pair) ? 1 : 0), value }],
    );
  });
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
