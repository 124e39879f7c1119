import { join } from "node:path";
import { readBoundedText, readTextIfThere } from "../base/files.ts";
import { packageRoot } from "../base/package-root.ts";
import type { WrittenKey } from "./bottle.ts";
import type { CatalogEntry } from "./catalog.ts";
import { splitFrontMatter } from "./front-matter.ts";
import { parseWritten, type WrittenByKind } from "./parse-written.ts";
import type { Problem } from "./problem.ts";
import { BOTTLE_RULES } from "./rules/bottle-rules.ts";
import { CONFIG_RULES } from "./rules/config-rules.ts";
import { PROVIDER_RULES } from "./rules/provider-rules.ts";
import { checkRules, type Rule, type RuleFacts } from "./rules/rule.ts";
import type { ManifestKind } from "./schema.ts";
import { parseYamlSource, type YamlSource } from "./yaml-source.ts";

/** One file, read and checked as far as a file can be checked alone. */
export type ReadFile<Written> = {
  readonly file: string;
  /** Empty when it could not be read */
  readonly text: string;
  readonly problems: readonly Problem[];
  /** Undefined when there are errors */
  readonly written: Written | undefined;
  readonly keys: readonly WrittenKey[];
  /** What comes after the head */
  readonly body: string;
  /** Where things are, also when there are errors */
  readonly source: YamlSource | undefined;
};

const MAX_FILE_BYTES = 1024 * 1024;
/** Finding a key twice takes the YAML parser quadratic time; a head this long is no manifest any more. */
const MAX_HEAD_CHARACTERS = 64 * 1024;

const RULES: { readonly [Kind in ManifestKind]: readonly Rule<WrittenByKind[Kind]>[] } = {
  bottle: BOTTLE_RULES,
  agent: [],
  provider: PROVIDER_RULES,
  config: CONFIG_RULES,
};

/** Reads and checks one bottle, agent or provider. */
export async function readManifest<Kind extends "bottle" | "agent" | "provider">(
  kind: Kind,
  entry: CatalogEntry,
  facts: RuleFacts,
): Promise<ReadFile<WrittenByKind[Kind]>> {
  const limits = entry.within === undefined ? {} : { within: entry.within };
  const found = await readBoundedText(entry.file, { maxBytes: MAX_FILE_BYTES, ...limits });
  if (found.kind !== "text") return unreadable(entry.file, found.kind === "missing" ? "it is gone" : found.why);
  const split = splitFrontMatter(found.text);
  if (split.kind !== "head") {
    const message = split.kind === "no-head" ? "the file does not begin with ---" : "the head has no second line ---";
    const hint = "put the keys between two lines that are exactly ---, the first of them at the very top";
    return { ...broken(entry.file, "manifest/no-head", message, hint), text: found.text };
  }
  return readYaml(
    kind,
    entry.file,
    { text: found.text, yaml: split.head, firstLine: split.headLine },
    split.body,
    facts,
  );
}

/** Reads and checks the machine-wide file; one that is not there is empty. */
export async function readConfig(file: string, facts: RuleFacts): Promise<ReadFile<WrittenByKind["config"]>> {
  const found = await readBoundedText(file, { maxBytes: MAX_FILE_BYTES });
  if (found.kind === "not-usable") return unreadable(file, found.why);
  if (found.kind === "missing") {
    return { file, text: "", problems: [], written: {}, keys: [], body: "", source: undefined };
  }
  return readYaml(
    "config",
    file,
    { text: found.text, yaml: found.text.replace(/^\uFEFF/, ""), firstLine: 1 },
    "",
    facts,
  );
}

async function readYaml<Kind extends ManifestKind>(
  kind: Kind,
  file: string,
  { text, yaml, firstLine }: { readonly text: string; readonly yaml: string; readonly firstLine: number },
  body: string,
  facts: RuleFacts,
): Promise<ReadFile<WrittenByKind[Kind]>> {
  if (yaml.length > MAX_HEAD_CHARACTERS) {
    const message = `the YAML is longer than ${MAX_HEAD_CHARACTERS} characters`;
    return { ...broken(file, "manifest/unreadable", message, "shorten it"), text };
  }
  const source = parseYamlSource(file, yaml, firstLine);
  const parsed = await parseWritten(kind, source, await readJsonSchema(kind));
  const remainder = parsed.kind === "written" ? parsed.written : parsed.remainder;
  const problems = [
    ...(parsed.kind === "problems" ? parsed.problems : []),
    ...(remainder === undefined ? [] : checkRules(RULES[kind], remainder, source, facts)),
  ];
  const isUsable = parsed.kind === "written" && !problems.some((problem) => problem.severity === "error");
  return { file, text, problems, written: isUsable ? parsed.written : undefined, keys: source.keys, body, source };
}

/** The committed JSON Schema of one kind; undefined when it is not there, and zod does its work alone. */
async function readJsonSchema(kind: ManifestKind): Promise<unknown> {
  const path = join(packageRoot(), "schemas", `${kind}.schema.json`);
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : JSON.parse(text);
}

function unreadable(file: string, why: string): ReadFile<never> {
  return broken(file, "manifest/unreadable", `cannot use this file: ${why}`, undefined);
}

function broken(file: string, code: Problem["code"], message: string, hint: string | undefined): ReadFile<never> {
  const problem: Problem = { severity: "error", file, line: 1, column: 1, code, message, hint };
  return { file, text: "", problems: [problem], written: undefined, keys: [], body: "", source: undefined };
}
