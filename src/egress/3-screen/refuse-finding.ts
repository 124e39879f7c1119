import type { Finding } from "../../detect/finding.ts";
import { CANARY } from "../../detect/known-values.ts";
import type { Route } from "../../manifest/bottle.ts";
import { makeRefusal, type Refusal } from "../refusal.ts";

/** Why a request with a secret in it does not leave, without the secret. */
export function refuseFinding(route: Route, finding: Finding, where: string): Refusal {
  if (finding.rule === "known-value" && finding.provider === CANARY) return refuseCanary(route, where);
  const how = finding.encodings.length === 0 ? "" : ` (${finding.encodings.join(", ")})`;
  const what = finding.rule === "known-value" ? `a secret of this bottle, ${finding.provider},` : `a ${finding.rule}`;
  const message = `${what} is in the ${where}${how}: ${finding.excerpt}`;
  const hint =
    finding.rule === "known-value"
      ? "leave it out: secrets of the bottle are added outside and never leave from inside"
      : "send it without the secret, or ask the operator";
  return makeRefusal("egress/secret-in-request", `${route.host}: dlp ${finding.rule}`, message, hint);
}

/** Why something does not leave for which there is no memory now. */
export function refuseFull(): Refusal {
  const message = "too many large requests wait to be screened";
  return makeRefusal("egress/screening-busy", "screening", message, "try again in a moment");
}

/** Nothing that works in a bottle needs its canary: who sends it was out for secrets. */
function refuseCanary(route: Route, where: string): Refusal {
  const message = `the canary of this bottle, a planted key, is in the ${where}`;
  const hint = "stop: this key is of no use, and the operator has been told that something tried to send it";
  return makeRefusal("egress/canary-in-request", `${route.host}: canary`, message, hint);
}
