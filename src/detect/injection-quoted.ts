const BEFORE = 400;
const AFTER = 240;
/** Words of somebody who speaks about such texts */
const TOPIC =
  /\b(?:attack\w*|inject\w*|jailbreak\w*|malicious|adversar\w*|payloads?|exploit\w*|patterns?|phrases?|examples?|e\.g|such as|for instance|techniques?|defen[cs]e\w*|detect\w*|attempts?|trick\w*|called|known as|sentences? like|strings? like|prompts? like|commands? like)\b/;
const STRONG_TOPIC = /\b(?:attack\w*|inject\w*|jailbreak\w*|malicious|adversar\w*|payloads?|exploit\w*)\b/;
/** Reported, not ordered: what stands right before the words */
const REPORTED =
  /\b(?:to|that|which|who|can|could|may|might|would|will|cannot|never|not|like|as|by|about|attackers?|users?|models?|they|it|prompts?|injections?)\s*$/;
const TO_YOU = /\b(?:you|please|must|need|now)\s+(?:to\s+)?$/;
const LIST_OR_CODE = /(?:^|\n)\s{0,8}(?:[-*+>|]|\d{1,2}[.)])\s[^\n]*$|```[^`]*$/;
const PAIRS: Readonly<Record<string, string>> = { "“": "”", "«": "»", "„": "“", "‘": "’" };

/** Whether what stands at this place is quoted or reported by somebody who speaks about it, and so asks nobody to do it. */
export function isDescribed(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - BEFORE), start);
  const after = text.slice(end, end + AFTER);
  const around = `${before} ${after}`;
  if (!TOPIC.test(around)) return false;
  if (isQuoted(before, after)) return true;
  if (REPORTED.test(before) && !TO_YOU.test(before)) return true;
  return STRONG_TOPIC.test(around) && LIST_OR_CODE.test(before);
}

/** Whether a quotation is open: one that was opened and not closed before, and is closed after. */
function isQuoted(before: string, after: string): boolean {
  const line = before.slice(before.lastIndexOf("\n\n") + 1);
  for (const mark of ['"', "`"]) {
    if ((line.split(mark).length - 1) % 2 === 1 && after.includes(mark)) return true;
  }
  for (const [open, close] of Object.entries(PAIRS)) {
    if (line.lastIndexOf(open) > line.lastIndexOf(close) && after.includes(close)) return true;
  }
  // an apostrophe is no quotation mark: this one stands before a word and not behind one
  const opened = [...line.matchAll(/(?<![a-z0-9])'(?=[a-z]|$)/g)].length;
  const closed = [...line.matchAll(/(?<=[a-z.!?,])'(?![a-z])/g)].length;
  return opened > closed && /(?:^|[a-z.!?,])'(?![a-z])/.test(after);
}
