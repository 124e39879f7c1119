import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const FOLDER = resolve(import.meta.dirname, "../../src/egress");

/** Clean text as agents send it: sources of this program, again and again. */
export async function sourceText(bytes: number): Promise<Buffer> {
  const names = (await readdir(FOLDER, { recursive: true })).filter((name) => /(?<!test)\.ts$/.test(name)).sort();
  const text = Buffer.concat(await Promise.all(names.map((name) => readFile(join(FOLDER, name)))));
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / text.length) }, () => text)).subarray(0, bytes);
}
