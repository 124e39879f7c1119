/** One value of a git configuration; a key without `=` is `true`. Every character stands for one byte. */
export type ConfigEntry = {
  /** Lower case */
  readonly section: string;
  readonly subsection: string | undefined;
  /** Lower case */
  readonly key: string;
  readonly value: string;
};

/** The output of `git config --list -z` as entries, in order. */
export function parseConfigList(output: Buffer): readonly ConfigEntry[] {
  const lines = output.toString("latin1").split("\0");
  return lines.filter((line) => line !== "").map(parseEntry);
}

/** The last value of a key, as git would take it. */
export function lastValue(entries: readonly ConfigEntry[], section: string, key: string): string | undefined {
  const of = entries.filter(
    (entry) => entry.section === section && entry.subsection === undefined && entry.key === key,
  );
  return of.at(-1)?.value;
}

/** A git boolean, or undefined if it is none. */
export function parseConfigBoolean(value: string | undefined): boolean | undefined {
  const word = value?.toLowerCase();
  if (word === "true" || word === "yes" || word === "on" || word === "1") return true;
  if (word === "false" || word === "no" || word === "off" || word === "0" || word === "") return false;
  return undefined;
}

/** One `key = "value"` under its heading, so quoted that no value can begin a line of its own. */
export function renderConfig(entries: readonly ConfigEntry[]): string {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const entry of entries) {
    if (/[\n\0]/.test(entry.subsection ?? "") || entry.value.includes("\0")) continue; // git has no way to write these
    const next = renderHeading(entry);
    if (next !== heading) lines.push(next);
    heading = next;
    lines.push(`\t${entry.key} = ${quoteValue(entry.value)}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function renderHeading(entry: ConfigEntry): string {
  if (entry.subsection === undefined) return `[${entry.section}]`;
  return `[${entry.section} "${entry.subsection.replace(/[\\"]/g, "\\$&")}"]`;
}

function quoteValue(value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\t/g, "\\t").replace(/\x08/g, "\\b");
  return `"${escaped}"`;
}

function parseEntry(line: string): ConfigEntry {
  const end = line.indexOf("\n");
  const name = end === -1 ? line : line.slice(0, end);
  const first = name.indexOf(".");
  const last = name.lastIndexOf(".");
  return {
    section: name.slice(0, first).toLowerCase(),
    subsection: last > first ? name.slice(first + 1, last) : undefined,
    key: name.slice(last + 1).toLowerCase(),
    value: end === -1 ? "true" : line.slice(end + 1),
  };
}
