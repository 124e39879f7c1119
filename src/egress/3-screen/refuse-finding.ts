import type { Finding } from "../../detect/finding.ts";
import type { Route } from "../../manifest/bottle.ts";
import { makeRefusal, type Refusal } from "../refusal.ts";

/** Why a request with a secret in it does not leave, without the secret. */
export function refuseFinding(route: Route, finding: Finding, where: string): Refusal {
  const how = finding.encodings.length === 0 ? "" : ` (${finding.encodings.join(", ")})`;
  const what = finding.rule === "known-value" ? `a secret of this bottle, ${finding.provider},` : `a ${finding.rule}`;
  const message = `${what} is in the ${where}${how}: ${finding.excerpt}`;
  const hint =
    finding.rule === "known-value"
      ? "leave it out: secrets of the bottle are added outside and never leave from inside"
      : "send it without the secret, or ask the operator";
  return makeRefusal("egress/secret-in-request", `${route.host}: dlp ${finding.rule}`, message, hint);
}
