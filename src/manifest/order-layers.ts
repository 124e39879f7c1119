import { nearestWord } from "../base/did-you-mean.ts";
import type { Problem } from "./problem.ts";
import { quote, quoteAll } from "./quote.ts";

/** What is known of one bottle file before it is merged. */
export type Extending = {
  readonly file: string;
  readonly parent: string | undefined;
  readonly parentAt: { readonly line: number; readonly column: number };
};

/** The order in which files are merged, parents first, each once; and what is wrong with the chains. */
export type Order = { readonly order: readonly string[]; readonly problems: readonly Problem[] };

/** Orders bottles and everything they extend. Names that are not in the map are left out: their absence is told elsewhere. */
export function orderLayers(
  names: readonly string[],
  bottles: ReadonlyMap<string, Extending>,
  defined: readonly string[],
): Order {
  const order = new Set<string>();
  const problems: Problem[] = [];
  for (const name of names) {
    const chain: string[] = [];
    let current: string | undefined = name;
    while (current !== undefined) {
      if (chain.includes(current)) {
        problems.push(circle(chain.slice(chain.indexOf(current)), bottles));
        break;
      }
      const bottle: Extending | undefined = bottles.get(current);
      if (bottle === undefined) break;
      chain.push(current);
      if (bottle.parent !== undefined && !bottles.has(bottle.parent)) {
        problems.push(missingParent(bottle, bottle.parent, defined));
      }
      current = bottle.parent;
    }
    for (const one of chain.reverse()) order.add(one);
  }
  return { order: [...order], problems };
}

/** Told once however many bottles lead into it: at the member whose name comes first. */
function circle(members: readonly string[], bottles: ReadonlyMap<string, Extending>): Problem {
  const [first = ""] = [...members].sort();
  const start = members.indexOf(first);
  const chain = [...members.slice(start), ...members.slice(0, start), first];
  const at = bottles.get(first);
  return {
    severity: "error",
    file: at?.file ?? "",
    line: at?.parentAt.line ?? 1,
    column: at?.parentAt.column ?? 1,
    code: "manifest/extends-cycle",
    message:
      members.length === 1 ? `${quote(first)} extends itself` : `bottles extend each other: ${chain.join(" → ")}`,
    hint: "remove one `extends`",
  };
}

function missingParent(bottle: Extending, parent: string, defined: readonly string[]): Problem {
  return {
    severity: "error",
    file: bottle.file,
    ...bottle.parentAt,
    code: "manifest/not-found",
    message: `there is no bottle ${quote(parent)} to extend`,
    hint: suggestName(parent, defined),
  };
}

/** What to type instead of a name that is not defined: the nearest one, or all there are. */
export function suggestName(name: string, defined: readonly string[]): string {
  const nearest = nearestWord(name, defined);
  if (defined.length === 0) return "there is none yet: `bottle init` makes a first bottle and agent";
  return nearest === undefined ? `there are: ${quoteAll(defined)}` : `did you mean ${quote(nearest)}?`;
}
