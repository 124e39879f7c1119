import type { ObjectFormat } from "./mirror-config.ts";

/** The refs of a repository, by name; branches and tags only. */
export type Refs = ReadonlyMap<string, string>;

/** What an upstream has. */
export type UpstreamRefs = {
  readonly refs: Refs;
  /** What annotated tags lead to, by their names */
  readonly peeled: Refs;
  readonly head: string | undefined;
  readonly format: ObjectFormat;
};

const MIRRORED = /^refs\/(heads|tags)\//;
/** No control characters, and nothing that was no UTF-8 */
const PLAIN_NAME = /^[^\0-\x20\x7f\ufffd]{1,1000}$/u;
const PEELED = "^{}";

/** Reads the output of `git ls-remote --symref`. */
export function parseUpstreamRefs(text: string): UpstreamRefs {
  const refs = new Map<string, string>();
  const peeled = new Map<string, string>();
  let head: string | undefined;
  let format: ObjectFormat = "sha1";
  for (const line of text.split("\n")) {
    const [value = "", name = ""] = line.split("\t");
    if (value.startsWith("ref: ") && name === "HEAD") head = value.slice("ref: ".length);
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(value)) continue;
    if (value.length === 64) format = "sha256";
    if (!MIRRORED.test(name)) continue;
    if (name.endsWith(PEELED)) peeled.set(name.slice(0, -PEELED.length), value);
    else refs.set(name, value);
  }
  return { refs, peeled, head: head !== undefined && MIRRORED.test(head) ? head : undefined, format };
}

/** Whether all names are what git gave, letter by letter. Others are legal, or hostile, and only git gets them right. */
export function arePlain(refs: Refs): boolean {
  return [...refs.keys()].every((name) => PLAIN_NAME.test(name));
}

/** Reads the output of `git for-each-ref` with object and name. */
export function parseOwnRefs(text: string): Refs {
  const pairs = text.split("\n").filter((line) => line !== "");
  return new Map(pairs.map((line) => [line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" "))]));
}

/** Whether two repositories have the same branches and tags. */
export function sameRefs(one: Refs, other: Refs): boolean {
  return one.size === other.size && [...one].every(([name, object]) => other.get(name) === object);
}
