/** A paste as terminals mark it; images are only looked for in one that came whole and is short. */
const PASTE = /^([\s\S]*?)\x1b\[200~([^\x1b\r\n]{1,4096})\x1b\[201~/;
const IMAGE = /\.(png|jpe?g|gif|webp)$/i;

/** A paste in what a terminal sent: what came before it, what it says, and what comes after it. */
export type FoundPaste = { readonly before: Buffer; readonly paths: readonly string[]; readonly after: Buffer };

/**
 * Finds a paste that is nothing but paths of image files, which is what terminals make of a file that is dropped on them:
 * bare, quoted, with backslashes, or as a `file:` URL. Undefined when there is none.
 */
export function findDroppedImages(chunk: Buffer): FoundPaste | undefined {
  const [whole, before = "", text] = PASTE.exec(chunk.toString("latin1")) ?? [];
  if (whole === undefined || text === undefined) return undefined;
  const paths = splitWords(Buffer.from(text, "latin1").toString("utf8"))?.map(toPath);
  if (paths === undefined || paths.length === 0 || !paths.every((path) => path?.startsWith("/") && IMAGE.test(path)))
    return undefined;
  return {
    before: chunk.subarray(0, before.length),
    paths: paths.filter((path) => path !== undefined),
    after: chunk.subarray(whole.length),
  };
}

/** A text as a terminal sends it when it is pasted. */
export function renderPaste(text: string): string {
  return `\x1b[200~${text}\x1b[201~`;
}

/** Words as a shell would split them, nothing expanded; undefined for a quote that is not closed. */
function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const word = /\s*((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+)\s*/y;
  while (word.lastIndex < text.length) {
    const match = word.exec(text);
    if (match === null) return undefined;
    words.push((match[1] ?? "").replaceAll(/'([^']*)'|\\(.)|"/g, (_, quoted, escaped) => quoted ?? escaped ?? ""));
  }
  return words;
}

function toPath(word: string): string | undefined {
  if (!word.startsWith("file://")) return word;
  try {
    return decodeURIComponent(new URL(word).pathname);
  } catch {
    return undefined;
  }
}
