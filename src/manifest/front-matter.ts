/** A Markdown file taken apart: the YAML between the two lines `---`, and what comes after. */
export type FrontMatter =
  | { readonly kind: "head"; readonly head: string; readonly headLine: number; readonly body: string }
  | { readonly kind: "no-head" }
  | { readonly kind: "unterminated" };

const FENCE = /^---[ \t]*$/;

/** Takes a Markdown file apart. Nothing is ever executed, whatever follows the dashes. */
export function splitFrontMatter(text: string): FrontMatter {
  const lines = text.replace(/^\uFEFF/, "").split(/(?<=\n)/);
  const isFence = (line: string | undefined) => line !== undefined && FENCE.test(line.replace(/\r?\n$/, ""));
  if (!isFence(lines[0])) return { kind: "no-head" };
  const end = lines.findIndex((line, index) => index > 0 && isFence(line));
  if (end === -1) return { kind: "unterminated" };
  return { kind: "head", head: lines.slice(1, end).join(""), headLine: 2, body: lines.slice(end + 1).join("") };
}
