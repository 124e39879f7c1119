import { REFUSALS, type Refusal } from "../refusal.ts";

/** A refusal as its client sees it. */
export function renderRefusal(refusal: Refusal): { readonly status: number; readonly value: unknown } {
  const { code, rule, message, whatToDo } = refusal;
  return { status: REFUSALS[code], value: { error: { code, rule, message, what_to_do: whatToDo } } };
}
