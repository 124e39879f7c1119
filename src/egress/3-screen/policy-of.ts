import type { Finding } from "../../detect/finding.ts";
import type { Route } from "../../manifest/bottle.ts";

/** What becomes of a request in which something was found. */
export type OnMatch = "supervise" | "redact" | "block";

/** Hosts of models: a key in the files an agent reads must not end its conversation. */
const MODEL_HOSTS: ReadonlySet<string> = new Set([
  ...["api.anthropic.com", "api.openai.com", "chatgpt.com", "generativelanguage.googleapis.com", "openrouter.ai"],
  ...["api.mistral.ai", "api.groq.com", "api.x.ai", "api.deepseek.com", "api.together.xyz", "api.cohere.com"],
]);

/** What a route says becomes of a finding; the bottle's own secrets never pass and are never asked about. */
export function policyOf(route: Route, finding: Pick<Finding, "rule">, provided: boolean): OnMatch {
  if (finding.rule === "known-value") return "block";
  if (route.dlp.outboundOnMatch !== undefined) return route.dlp.outboundOnMatch;
  return provided || MODEL_HOSTS.has(route.host) ? "redact" : "supervise";
}
