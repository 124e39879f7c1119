import type { RE2JS } from "re2js";
import { BottleError } from "../../base/errors.ts";
import type { Route } from "../../manifest/bottle.ts";

type WrittenPathRule = Route["matches"][number]["paths"][number];

/** What matches expressions in time linear in the text. */
export type RegexEngine = typeof RE2JS;

/** Loads the engine if any route needs it: it is large, and most bottles have no regex. */
export async function loadRegexEngine(routes: readonly Route[]): Promise<RegexEngine | undefined> {
  const rules = routes.flatMap(({ matches }) => matches.flatMap(({ paths }) => paths));
  return rules.some(({ type }) => type === "regex") ? (await import("re2js")).RE2JS : undefined;
}

/** Whether a decoded path fits. */
export type PathRule = (path: string) => boolean;

/**
 * A written path rule, ready to match. `prefix` ends at a segment: `/v1` fits `/v1` and `/v1/x` but not `/v10`.
 * `regex` must fit the whole path and is run by a matcher that takes time linear in the path, whatever the expression.
 */
export function makePathRule(rule: WrittenPathRule, engine: RegexEngine | undefined): PathRule {
  switch (rule.type) {
    case "exact":
      return (path) => path === rule.value;
    case "prefix": {
      const folder = rule.value.endsWith("/") ? rule.value : `${rule.value}/`;
      return (path) => path === rule.value || path.startsWith(folder);
    }
    case "regex": {
      if (engine === undefined) throw new Error("a rule with a regex needs the engine that matches it");
      const pattern = compileRegex(rule.value, engine);
      return (path) => pattern.matches(path);
    }
  }
}

/** The manifest's check knows JavaScript's syntax only; what needs backtracking is found here. */
function compileRegex(text: string, engine: RegexEngine): RE2JS {
  try {
    return engine.compile(text);
  } catch (cause) {
    throw new BottleError(
      "manifest/invalid",
      `the path rule ${JSON.stringify(text)} cannot be matched in linear time`,
      {
        hint: "look-around and back-references are not supported: write it without, or as several rules",
        cause,
      },
    );
  }
}
