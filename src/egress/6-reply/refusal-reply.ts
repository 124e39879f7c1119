import { REFUSALS, type Refusal } from "../refusal.ts";
import { type Fields, valuesOf } from "../wire/fields.ts";
import type { OwnAnswer } from "./send-own.ts";

const MAX_REASON = 160;

/**
 * A refusal in the form that its client shows to whoever runs it: JSON for most; plain text for git, which prints nothing
 * else; `error` as a string for package managers, which print exactly that. The reason phrase is for those that print only it.
 */
export function renderRefusal(refusal: Refusal, request: Fields): OwnAnswer {
  const { code, rule, message, whatToDo } = refusal;
  const status = REFUSALS[code];
  const reason = message.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_REASON);
  const agent = valuesOf(request, "user-agent").join(" ");
  if (agent.startsWith("git/")) {
    const text = `${message}\n${whatToDo}\n(${code}; rule: ${rule})\n`;
    return { status, reason, type: "text/plain", text };
  }
  const value = /^(?:npm|pnpm|yarn|bun)\//i.test(agent)
    ? { error: `${message}; ${whatToDo}`, code, rule }
    : { error: { code, rule, message, what_to_do: whatToDo } };
  return { status, reason, type: "application/json", text: `${JSON.stringify(value)}\n` };
}
