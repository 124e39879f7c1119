import { RE2JS } from "re2js";
import { BottleError } from "../../base/errors.ts";

/** Whether a decoded path fits. */
export type PathRule = (path: string) => boolean;

/**
 * A written path rule, ready to match. `prefix` ends at a segment: `/v1` fits `/v1` and `/v1/x` but not `/v10`.
 * `regex` must fit the whole path and is run by a matcher that takes time linear in the path, whatever the expression.
 */
export function makePathRule(rule: { readonly type: "exact" | "prefix" | "regex"; readonly value: string }): PathRule {
  switch (rule.type) {
    case "exact":
      return (path) => path === rule.value;
    case "prefix": {
      const folder = rule.value.endsWith("/") ? rule.value : `${rule.value}/`;
      return (path) => path === rule.value || path.startsWith(folder);
    }
    case "regex": {
      const pattern = compileRegex(rule.value);
      return (path) => pattern.matches(path);
    }
  }
}

/** The manifest's check knows JavaScript's syntax only; what needs backtracking is found here. */
function compileRegex(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
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
