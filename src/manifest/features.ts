import type { Bottle, WrittenKey } from "./bottle.ts";
import { type Problem, sortProblems } from "./problem.ts";
import { quote } from "./quote.ts";

type Unbuilt = {
  /** Dotted path of the key; `*` stands for any place in a list */
  readonly key: string;
  readonly missing: string;
  /** The written value that works all the same */
  readonly isFine?: (bottle: Bottle) => boolean;
};

const UNBUILT_IN_BOTTLES: readonly Unbuilt[] = [
  {
    key: "supervise",
    missing: "the supervise server is not built: an agent cannot ask anything; write false, or remove it",
    isFine: (bottle) => !bottle.supervise,
  },
  { key: "resources.disk", missing: "a limit on disk space is not built" },
];

/** What the design gives a bottle by default and this version does not; for the preflight. */
export const OFF_FEATURES: readonly string[] = ["supervise: the agent cannot ask the operator"];

/** The written keys whose feature this version has not built; a bottle with any of them must not start. */
export function findUnbuilt(bottle: Bottle): readonly Problem[] {
  return sortProblems(bottle.written.flatMap((key) => explain(key, UNBUILT_IN_BOTTLES, bottle)));
}

function explain(key: WrittenKey, table: readonly Unbuilt[], bottle: Bottle): readonly Problem[] {
  const row = table.find((unbuilt) => fits(unbuilt.key, key.path));
  if (row === undefined || row.isFine?.(bottle) === true) return [];
  const { file, line, column } = key;
  return [
    {
      severity: "error",
      file,
      line,
      column,
      code: "manifest/not-built",
      message: `${quote(key.path)} asks for something this version cannot do: ${row.missing}`,
      hint: "remove the key to start without it",
    },
  ];
}

function fits(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split("."), path.split(".")];
  return wanted.length === given.length && wanted.every((part, index) => part === "*" || part === given[index]);
}
