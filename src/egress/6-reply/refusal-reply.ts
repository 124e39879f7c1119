import { REFUSALS, type Refusal } from "../refusal.ts";
import { type Fields, valuesOf } from "../wire/fields.ts";
import type { OwnAnswer } from "./send-own.ts";

/** A refusal as its client sees it: JSON, but plain text for git, which shows a refusal's text on the terminal only then. */
export function renderRefusal(refusal: Refusal, request: Fields): OwnAnswer {
  const { code, rule, message, whatToDo } = refusal;
  const status = REFUSALS[code];
  if (valuesOf(request, "user-agent").some((agent) => agent.startsWith("git/"))) {
    return { status, type: "text/plain", text: `${message}\n${whatToDo}\n(${code}; rule: ${rule})\n` };
  }
  const value = { error: { code, rule, message, what_to_do: whatToDo } };
  return { status, type: "application/json", text: `${JSON.stringify(value)}\n` };
}
