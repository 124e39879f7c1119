import type { RefRules } from "../manifest/bottle.ts";
import { isRefName } from "./ref-name.ts";
import { isNothing, type RefUpdate } from "./send-updates.ts";

/** Why a ref may not be changed as a push wants to. */
export type RefRefusal = { readonly name: string; readonly why: string; readonly whatToDo: string };

/** What is known of an update before its content is looked at. */
export type UpdateFacts = RefUpdate & {
  /** Whether it leaves out commits that the upstream has */
  readonly rewinds: boolean;
};

const NO_RULES: RefRules = { branches: [], tags: [], force: false, delete: false };

/** Decides which refs may be changed: the bottle's own branches, and what the manifest names. */
export function checkRefs(
  updates: readonly UpdateFacts[],
  rules: RefRules = NO_RULES,
  ownBranches: string,
): readonly RefRefusal[] {
  return updates.flatMap((update) => checkRef(update, rules, ownBranches) ?? []);
}

function checkRef(update: UpdateFacts, rules: RefRules, ownBranches: string): RefRefusal | undefined {
  const { name } = update;
  const own = `push to a branch of this bottle's own: git push REMOTE HEAD:${ownBranches}NAME`;
  const branch = after(name, "refs/heads/");
  const tag = after(name, "refs/tags/");
  if (branch === undefined && tag === undefined) {
    return { name, why: "is neither a branch nor a tag", whatToDo: own };
  }
  if (!isRefName(name)) return { name, why: "is not a name that git allows", whatToDo: own };
  if (branch !== undefined && !branch.startsWith(ownBranches) && !matchesAny(branch, rules.branches)) {
    return { name, why: "is not one of the branches this bottle may push", whatToDo: own };
  }
  if (tag !== undefined && !matchesAny(tag, rules.tags)) {
    const whatToDo = "ask the operator; `refs.tags` of this repository in the bottle names the tags that may be pushed";
    return { name, why: "is not one of the tags this bottle may push", whatToDo };
  }
  if (isNothing(update.new) && !rules.delete) {
    return { name, why: "may not be deleted", whatToDo: "leave it; `refs.delete: true` in the bottle would allow it" };
  }
  if (update.rewinds && !rules.force) {
    const whatToDo =
      branch === undefined
        ? "use another name for the tag; `refs.force: true` in the bottle would allow it"
        : "fetch, then merge or rebase onto what the upstream has; `refs.force: true` in the bottle would allow it";
    return { name, why: "would lose what the upstream has", whatToDo };
  }
  return undefined;
}

/** Whether a name fits a pattern, in which `*` stands for any characters. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => fits(name, pattern.split("*")));
}

/** Without a regular expression: each part is looked for once, from the left, so that no pattern is slow. */
function fits(name: string, parts: readonly string[]): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function after(name: string, start: string): string | undefined {
  return name.startsWith(start) ? name.slice(start.length) : undefined;
}
