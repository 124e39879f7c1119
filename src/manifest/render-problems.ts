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
  const line = makePlain(cutExcerpt(source.replaceAll("\t", " "), problem));
  const start = Math.max(0, problem.column - 1 - WIDEST_EXCERPT / 2);
  const gutter = String(problem.line);
  return [
    `  ${style.faint(`${gutter} |`)} ${line.slice(start, start + WIDEST_EXCERPT)}`,
    `  ${style.faint(`${" ".repeat(gutter.length)} |`)} ${" ".repeat(problem.column - 1 - start)}^`,
  ];
}

/** The line without what stands beside the place: neighbours in `{ … }`, and values that may be secrets. */
function cutExcerpt(source: string, problem: Problem): string {
  const before = source.slice(0, problem.column - 1);
  const flow = Math.max(...["{", "[", ","].map((mark) => before.lastIndexOf(mark)));
  const head = flow === -1 ? before : `${" ".repeat(flow)}…${before.slice(flow + 1)}`;
  const end = endOfExcerpt(source, problem, flow !== -1);
  const shown = end < before.length ? head.slice(0, end) : head + source.slice(before.length, end);
  return end < source.trimEnd().length ? `${shown}…` : shown;
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

/** Where the excerpt stops: behind the key at the column, before a value that may be secret, else behind the value. */
function endOfExcerpt(source: string, { code, column }: Problem, isInFlow: boolean): number {
  const rest = source.slice(column - 1);
  if (SHOWS_VALUE.has(code)) {
    const length = rest.search(/[,{}[\]]/);
    return isInFlow && length !== -1 ? column - 1 + length : source.length;
  }
  // Broken YAML has no keys and values that could be told apart with certainty.
  if (code === "manifest/bad-yaml") {
    const colon = source.search(/: |:$/);
    return colon === -1 ? Math.min(source.length, column - 1) : colon + 2;
  }
  return column - 1 + (/^["']?[\w.-]+["']?: ?/.exec(rest)?.[0].length ?? 0);
}
