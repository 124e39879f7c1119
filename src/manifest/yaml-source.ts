import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
} from "yaml";
import type { WrittenKey } from "./bottle.ts";
import type { Problem } from "./problem.ts";
import { makePlain } from "./quote.ts";

/** Keys and list positions from the top of a YAML document. */
export type KeyPath = readonly (string | number)[];

/** A line and a column, both from 1. */
export type Place = { readonly line: number; readonly column: number };

/** A YAML text as plain values, each of which can be found again in the file. */
export type YamlSource = {
  readonly file: string;
  /** Undefined when the text cannot be used at all */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Every key that is written, as a dotted path, from top to bottom */
  readonly keys: readonly WrittenKey[];
  /** Where a value is; the closest thing around it when it is not there. */
  placeOf(path: KeyPath): Place;
  /** Where the key of a value is. */
  placeOfKey(path: KeyPath): Place;
};

const MOST_YAML_ERRORS = 20;
const LONGEST_MESSAGE = 200;
/** Maps, pairs and lists each count as one level */
const DEEPEST_NESTING = 64;
const TOO_DEEP = "the YAML is nested too deeply";

type Found = { readonly key: ParsedNode | undefined; readonly value: ParsedNode | undefined };

/** Reads YAML that begins on a given line of a file. Tags, anchors and aliases are refused: what is read is what is written. */
export function parseYamlSource(file: string, text: string, firstLine: number): YamlSource {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1) + firstLine - 1, column: Math.max(col, 1) };
  };
  const problemAt = (offset: number, code: Problem["code"], message: string, hint?: string): Problem => ({
    severity: "error",
    file,
    ...placeAt(offset),
    code,
    message,
    hint,
  });

  const document = parseOrUndefined(text, lines);
  if (document === undefined) {
    return unusable(file, firstLine, [problemAt(0, "manifest/bad-yaml", TOO_DEEP)]);
  }
  const broken = [...document.errors, ...document.warnings].slice(0, MOST_YAML_ERRORS).map((error) => {
    const [code, hint] = EXPLAINED[error.code] ?? ["manifest/bad-yaml", undefined];
    return problemAt(error.pos[0], code, firstLineOf(error.message), hint);
  });
  const refused: Problem[] = [];
  visit(document, {
    Node(_, node, ancestors) {
      if (ancestors.length > DEEPEST_NESTING) {
        refused.push(problemAt(node.range?.[0] ?? 0, "manifest/bad-yaml", TOO_DEEP));
        return visit.BREAK;
      }
      const offset = node.range?.[0] ?? 0;
      const say = (what: string, hint: string) => refused.push(problemAt(offset, "manifest/bad-yaml", what, hint));
      if (isAlias(node)) say("aliases are not used in manifests", "write the value out, or share it with `extends`");
      else if (node.anchor !== undefined) say("anchors are not used in manifests", "remove the &name");
      else if (node.tag !== undefined) say("tags are not used in manifests", "remove the !tag");
      return undefined;
    },
    Pair(_, pair) {
      if (!isScalar(pair.key) || typeof pair.key.value !== "string") return;
      const offset = pair.key.range?.[0] ?? 0;
      // JavaScript gives this one name a meaning; schema libraries drop it without a word.
      if (pair.key.value === "__proto__")
        refused.push(problemAt(offset, "manifest/unknown-key", "no key has this name"));
    },
  });
  const problems = [...broken, ...refused];
  if (problems.length > 0) return unusable(file, firstLine, problems);

  const find = (path: KeyPath): Found => {
    let found: Found = { key: undefined, value: document.contents ?? undefined };
    for (const part of path) {
      const next = step(found.value, part);
      if (next === undefined) break;
      found = next;
    }
    return found;
  };
  const placeOf = (path: KeyPath) => {
    const { key, value } = find(path);
    const isEmpty = isScalar(value) && value.value === null && (value.source ?? "") === "";
    return placeAt((isEmpty ? (key ?? value) : value)?.range[0] ?? 0);
  };
  return {
    file,
    // An empty document is an empty map: a manifest that says nothing is a manifest.
    value: document.contents === null ? {} : (document.toJS() ?? {}),
    problems: [],
    keys: [...keysOf(document.contents, "", (offset) => ({ file, ...placeAt(offset) }))],
    placeOf,
    placeOfKey: (path) => {
      const parent = find(path.slice(0, -1)).value;
      const key = path.length === 0 ? undefined : step(parent, path[path.length - 1] ?? "")?.key;
      return key === undefined ? placeOf(path) : placeAt(key.range[0]);
    },
  };
}

const EXPLAINED: Readonly<Record<string, readonly [Problem["code"], string]>> = {
  DUPLICATE_KEY: ["manifest/duplicate-key", "keep one of them"],
  TAB_AS_INDENT: ["manifest/bad-yaml", "indent with spaces"],
  MULTIPLE_DOCS: ["manifest/bad-yaml", "keep one document: remove the line `---`"],
};

function parseOrUndefined(text: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, schema: "core" });
  } catch (error) {
    // The parser calls itself once per level; a thousand brackets are an attack, not a manifest.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function unusable(file: string, line: number, problems: readonly Problem[]): YamlSource {
  const top = { line, column: 1 };
  return { file, value: undefined, problems, keys: [], placeOf: () => top, placeOfKey: () => top };
}

function step(node: ParsedNode | undefined, part: string | number): Found | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === String(part));
    return pair === undefined ? undefined : { key: pair.key, value: pair.value ?? undefined };
  }
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return isNode(value) ? { key: value, value } : undefined;
  }
  return undefined;
}

function* keysOf(
  node: ParsedNode | null,
  prefix: string,
  at: (offset: number) => Omit<WrittenKey, "path">,
): Generator<WrittenKey> {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const path = `${prefix}${String(isScalar(key) ? key.value : key)}`;
      yield { path, ...at(key.range[0]) };
      yield* keysOf(value, `${path}.`, at);
    }
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      if (isPair(item) || !isMap(item)) continue;
      yield { path: `${prefix}${index}`, ...at(item.range[0]) };
      yield* keysOf(item, `${prefix}${index}.`, at);
    }
  }
}

function firstLineOf(message: string): string {
  const [line = ""] = message.split("\n");
  // The parser repeats what it stumbled over, which may be a value that nobody should see.
  return makePlain(line.slice(0, LONGEST_MESSAGE).replace(/:\s*["'{[].*$/, ""));
}
