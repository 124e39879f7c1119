import type { Problem } from "./problem.ts";
import { makePlain } from "./quote.ts";

/** How the parts of a problem are set off; the same text without, when the output is no terminal. */
export type ProblemStyle = {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly faint: (text: string) => string;
};

/** No colour at all. */
const PLAIN_STYLE: ProblemStyle = { error: (text) => text, warning: (text) => text, faint: (text) => text };

const WIDEST_EXCERPT = 120;
/** More is no manifest but an attack on the reader; the number of the rest is told */
const MOST_OF_ONE_FILE = 100;

/** Problems as a person reads them: the place, what is wrong, the line itself, and what to type instead. */
export function renderProblems(
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
  style: ProblemStyle = PLAIN_STYLE,
): string {
  return [...new Set(problems.map((problem) => problem.file))]
    .flatMap((file) => {
      const all = problems.filter((problem) => problem.file === file);
      const rest = all.length - MOST_OF_ONE_FILE;
      return [
        ...all.slice(0, MOST_OF_ONE_FILE).map((problem) => renderProblem(problem, texts.get(file), style)),
        ...(rest > 0 ? [`${makePlain(file)}: and ${rest} more\n`] : []),
      ];
    })
    .join("\n");
}

function renderProblem(problem: Problem, text: string | undefined, style: ProblemStyle): string {
  const kind = style[problem.severity](`${problem.severity}[${problem.code}]`);
  const place = `${makePlain(problem.file)}:${problem.line}:${problem.column}`;
  const lines = [`${place}: ${kind} ${makePlain(problem.message)}`, ...renderExcerpt(problem, text, style)];
  if (problem.hint !== undefined) lines.push(`  hint: ${makePlain(problem.hint)}`);
  return `${lines.join("\n")}\n`;
}

/** The line up to what may be a secret, and a caret below it. What a repository wrote cannot steer the terminal. */
function renderExcerpt(problem: Problem, text: string | undefined, style: ProblemStyle): readonly string[] {
  const source = text?.replace(/^\uFEFF/, "").split(/\r?\n/)[problem.line - 1];
  if (source === undefined || source.trim() === "") return [];
  const end = endOfExcerpt(source, problem);
  const line = makePlain(source.slice(0, end).replaceAll("\t", " ")) + (end < source.trimEnd().length ? "…" : "");
  const start = Math.max(0, problem.column - 1 - WIDEST_EXCERPT / 2);
  const gutter = String(problem.line);
  return [
    `  ${style.faint(`${gutter} |`)} ${line.slice(start, start + WIDEST_EXCERPT)}`,
    `  ${style.faint(`${" ".repeat(gutter.length)} |`)} ${" ".repeat(problem.column - 1 - start)}^`,
  ];
}

/** Problems about values that are never secrets: a misspelt host helps only when it can be seen. */
const SHOWS_VALUE: ReadonlySet<Problem["code"]> = new Set<Problem["code"]>([
  "manifest/bad-header",
  "manifest/bad-host",
  "manifest/bad-name",
  "manifest/bad-path",
  "manifest/bad-port",
  "manifest/bad-regex",
  "manifest/bad-size",
  "manifest/bad-value",
  "manifest/extends-cycle",
  "manifest/no-head",
  "manifest/not-found",
  "manifest/plaintext-credential",
]);

/** Where the excerpt stops: behind the key at the column, before the value at the column, or nowhere. */
function endOfExcerpt(source: string, { code, column }: Problem): number {
  if (SHOWS_VALUE.has(code)) return source.length;
  const colon = source.search(/: |:$/);
  // Broken YAML has no keys and values that could be told apart with certainty.
  if (code === "manifest/bad-yaml") return colon === -1 ? Math.min(source.length, column - 1) : colon + 2;
  const key = /^["']?[\w.-]+["']?: ?/.exec(source.slice(column - 1));
  return column - 1 + (key?.[0].length ?? 0);
}
