import { readTextIfThere } from "../base/files.ts";

/** The lines of a journal as they are in the file, torn ones too; undefined when there is no such file. */
export async function readJournal(path: string): Promise<readonly string[] | undefined> {
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : splitLines(text);
}

/** The lines of a text without their line ends; what follows the last line end is a line unless it is empty. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
