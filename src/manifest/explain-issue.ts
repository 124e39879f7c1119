import type { z } from "zod";
import { nearestWord } from "../base/did-you-mean.ts";
import type { Problem } from "./problem.ts";
import { quote, quoteAll } from "./quote.ts";
import type { KeyPath, YamlSource } from "./yaml-source.ts";

type Issue = z.core.$ZodIssue;
type Keys = (path: KeyPath) => readonly string[];

/** What a schema library found, as problems that name the place in the file and what to type instead. */
export function explainIssues(source: YamlSource, issues: readonly Issue[], keysAt: Keys): readonly Problem[] {
  return issues.flatMap((issue) => explain(source, issue, [], keysAt));
}

function explain(source: YamlSource, issue: Issue, above: KeyPath, keysAt: Keys): readonly Problem[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  const value = valueAt(source.value, path);
  const problem = (code: Problem["code"], message: string, hint?: string): readonly Problem[] => [
    { severity: "error", file: source.file, ...source.placeOf(path), code, message, hint },
  ];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = keysAt(path);
        const nearest = nearestWord(key, known);
        return {
          severity: "error",
          file: source.file,
          ...source.placeOfKey([...path, key]),
          code: "manifest/unknown-key",
          message: `unknown key ${quote(key)}${path.length === 0 ? "" : ` in ${nameOf(path)}`}`,
          hint: nearest === undefined ? `keys here: ${known.join(", ")}` : `did you mean "${nearest}"?`,
        };
      });
    case "invalid_value": {
      const allowed = issue.values.map(String);
      const nearest = typeof value === "string" ? nearestWord(value, allowed) : undefined;
      if (value === undefined) return missing(problem, path);
      return problem(
        "manifest/bad-value",
        `${nameOf(path)} is one of ${quoteAll(allowed)}, not ${typeof value === "string" ? quote(value) : kindOf(value)}`,
        nearest === undefined ? undefined : `did you mean "${nearest}"?`,
      );
    }
    case "invalid_type":
      if (value === undefined) return missing(problem, path);
      return problem(
        "manifest/bad-type",
        `${nameOf(path)} takes ${EXPECTED[issue.expected] ?? issue.expected}, not ${kindOf(value, issue.expected)}`,
        hintForType(issue.expected, value),
      );
    case "invalid_union": {
      const branch = issue.errors.find((errors) => !errors.some(isWrongAtTop));
      if (branch === undefined) {
        const expected = issue.errors.flatMap((errors) => errors.filter(isWrongAtTop).map(expectedOf));
        return problem(
          "manifest/bad-type",
          `${nameOf(path)} takes ${expected.join(" or ")}, not ${kindOf(value)}`,
          hintForType("string", value),
        );
      }
      return branch.flatMap((inner) => explain(source, inner, path, keysAt));
    }
    case "too_small":
      return problem("manifest/bad-value", `${nameOf(path)} ${lowest(issue.origin, Number(issue.minimum))}`);
    case "too_big":
      return problem("manifest/bad-value", `${nameOf(path)} must be at most ${Number(issue.maximum)}`);
    case "invalid_format":
    case "not_multiple_of":
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return problem("manifest/bad-value", `${nameOf(path)}: ${issue.message}`);
  }
}

function missing(
  problem: (code: Problem["code"], message: string, hint?: string) => readonly Problem[],
  path: KeyPath,
) {
  return problem("manifest/missing-key", `${nameOf(path)} is missing`, `add the key ${quote(String(path.at(-1)))}`);
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of keys",
};

function expectedOf(issue: Issue): string {
  return issue.code === "invalid_type" ? (EXPECTED[issue.expected] ?? issue.expected) : "another value";
}

function isWrongAtTop(issue: Issue): boolean {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

function lowest(origin: string, minimum: number): string {
  if (origin === "string" || origin === "array") return "must not be empty";
  return `must be at least ${minimum}`;
}

function hintForType(expected: string, value: unknown): string | undefined {
  if (value === null) return "give it a value, or remove the key";
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return "put it in quotes";
  }
  if (expected === "array" && typeof value === "string") return "write it as a list: [ … ]";
  return undefined;
}

/** `egress.routes[0].host`, as a person would say it. */
function nameOf(path: KeyPath): string {
  if (path.length === 0) return "the manifest";
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  return quote(text.replace(/^\./, ""));
}

/** The kind and never the value: what stands in the wrong place may be a secret. */
function kindOf(value: unknown, expected?: string): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" && expected === "int") return "a fraction";
  return KINDS[typeof value] ?? typeof value;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  object: "a map",
};

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((at, part) => {
    if (typeof at !== "object" || at === null) return undefined;
    return Object.getOwnPropertyDescriptor(at, String(part))?.value;
  }, value);
}
