import { entropyOf } from "./entropy.ts";
import { NAMED_FORMS, NAMED_PROVIDERS, SECRET_WORDS } from "./named-value-table.ts";

/** A value that its name says is a secret, found around one of the words of the table. */
export type NamedValue = {
  readonly rule: "named-secret" | "named-password" | "named-provider-key";
  readonly provider: string;
  /** Place of the value */
  readonly start: number;
  readonly value: string;
};

/** What to look for, in any case: places at which `readNamedValue` is worth asking. */
export const NAME_ANCHORS: readonly string[] = [...SECRET_WORDS, ...NAMED_PROVIDERS];

const NAME_BACK = 48;
const NAME_CHARACTER = /[0-9A-Za-z_.-]/;
const NAME_END = /[0-9A-Za-z_.-]{0,48}/y;
const ASSIGNMENT =
  /\\?["'`\]]{0,2}(?:[ \t]{1,3}[Ss]tring)?[ \t]{0,8}(?:=>|[:?.|+]{0,3}=|:|>|,)\s{0,12}(?:(?:Bearer|Basic|Token|token|bearer)[ \t]{1,3})?(\\?["'`])?(?:(?:Bearer|Basic|Token|token|bearer)[ \t]{1,3})?/y;
const QUOTED = /[^\s"'`<>\\]{8,300}/y;
const BARE = /[0-9A-Za-z_+/=.~!@#%^*:-]{8,300}/y;
const AFTER_BARE = /[\s,;&)\]}<|"'\\]/;

const SECRET_NAME =
  /(?:token|secret|passwo?r?d|passphrase|pwd|pass|api-?key|(?:access|secret|private|auth|encryption|encrypt|signing|service|account|license|master|client|consumer|session|app|rest|admin|storage|webhook|bot|deploy|insert|write|read|user|license|shared|subscription|security|hmac|jwt|token|cipher|aes|hook)key|credentials?|authorization|oauth|bearer)(?:value|string|v?[0-9]{1,2})?$/;
const PASSWORD_NAME = /(?:passwo?r?d|passphrase|pwd)(?:value|string|v?[0-9]{1,2})?$/;
const HARMLESS_NAME =
  /(?:public|csrf|xsrf|primary|foreign|page|next|continuation|sync|cancel|max|min|num|count|total|cache|sort|partition|row|routing|idempotency|map|react|object|dict|json|verification|authenticity|checksum|hash|integrity|nonce)[a-z]*(?:token|key|secret|auth)/;
const PLACEHOLDER =
  /\$[{(]|\{\{|%\(|<[a-z]|xxxx|\*{3}|\.{3}|^(?:your|my|the|some|insert|enter|replace|todo|null|none|undefined|true|false)[^a-z0-9]|[(){}[\]]{1}.*[(){}[\]]/i;
const REFERENCE =
  /^(?:process|os|env|config|options|this|self|req|request|args|var|local|data|module|secrets|steps|settings|props|state)[.[]/;
/** Typed, not drawn */
const SEQUENCE = /abcdefgh|01234567|(?<!\\d)12345678(?!-|[A-Z])/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The secret that stands next to the word at `at`, if there is one. Takes bounded time at each place. */
export function readNamedValue(text: string, at: number): NamedValue | undefined {
  let start = at;
  while (start > 0 && at - start < NAME_BACK && NAME_CHARACTER.test(text[start - 1] ?? "")) start--;
  NAME_END.lastIndex = at;
  const name = text.slice(start, at) + (NAME_END.exec(text)?.[0] ?? "");
  ASSIGNMENT.lastIndex = start + name.length;
  const assignment = ASSIGNMENT.exec(text);
  if (assignment === null) return undefined;
  // `f(secret, "…")` gives two things; only a quoted name and a comma make a pair
  if (/^\s*,/.test(assignment[0])) return undefined;
  const from = ASSIGNMENT.lastIndex;
  const quoted = assignment[1] !== undefined;
  const value = readValue(text, from, quoted);
  if (value === undefined) return undefined;
  const found = classify(name, value, quoted);
  return found === undefined ? undefined : { ...found, start: from, value };
}

function readValue(text: string, from: number, quoted: boolean): string | undefined {
  const form = quoted ? QUOTED : BARE;
  form.lastIndex = from;
  const value = form.exec(text)?.[0].replace(/[.,;:!]+$/, "");
  if (value === undefined || value.length < 8) return undefined;
  const next = text[from + value.length];
  if (!quoted && next !== undefined && !AFTER_BARE.test(next)) return undefined;
  if (PLACEHOLDER.test(value) || REFERENCE.test(value) || /:\/\/|^\.{0,2}\/|^@/.test(value)) return undefined;
  return value;
}

function classify(name: string, value: string, quoted: boolean): Pick<NamedValue, "rule" | "provider"> | undefined {
  const lower = name.toLowerCase();
  const plain = lower.replace(/[_.-]/g, "");
  const secret = SECRET_NAME.test(plain) && !HARMLESS_NAME.test(plain);
  const provider = NAMED_PROVIDERS.find((known) => isPart(name, lower, known));
  const form = provider === undefined ? undefined : NAMED_FORMS[provider];
  if (form !== undefined)
    return form.test(value) ? { rule: "named-provider-key", provider: provider ?? "any" } : undefined;
  if (provider !== undefined && (secret || /(?:id|key|token|url)$/.test(plain) || plain === provider)) {
    if (looksLikeProviderKey(value, secret)) return { rule: "named-provider-key", provider };
  }
  if (!secret) return undefined;
  if (PASSWORD_NAME.test(plain))
    return looksLikePassword(value, quoted) ? { rule: "named-password", provider: "any" } : undefined;
  return looksRandom(value) ? { rule: "named-secret", provider: "any" } : undefined;
}

/** `sumOfAll` does not speak of Sumo: the provider's letters are all small, all capital, or begin with a capital. */
function isPart(name: string, lower: string, provider: string): boolean {
  const at = lower.indexOf(provider);
  if (at === -1) return false;
  const written = name.slice(at, at + provider.length);
  return /^(?:[^A-Z]+|[^a-z]+|[A-Z][^A-Z]+)$/.test(written);
}

function looksLikeProviderKey(value: string, secret: boolean): boolean {
  if (UUID.test(value)) return new Set(value).size > 8;
  if (/^[0-9]{15,32}$/.test(value)) return entropyOf(value) > 2.5;
  if (!/^[0-9A-Za-z_=+/.:~-]{8,300}$/.test(value)) return false;
  if (!/[0-9]/.test(value) && !(secret && /[a-z]/.test(value) && /[A-Z]/.test(value))) return false;
  return (
    !SEQUENCE.test(value) &&
    isUnbroken(value) &&
    entropyOf(value) >= (secret ? 2.6 : 3.2) &&
    value.length >= (secret ? 12 : 16)
  );
}

function looksLikePassword(value: string, quoted: boolean): boolean {
  if (/^(?:password|passw0rd|secret|changeme|test|admin|example)[0-9]{0,4}$/i.test(value)) return false;
  if (!quoted) return looksRandom(value) || (/[!@#%^*]/.test(value) && /[0-9]/.test(value) && /[A-Za-z]/.test(value));
  return (
    /[0-9]/.test(value) && /[A-Za-z]/.test(value) && entropyOf(value) >= 2.8 && !/^[\w.-]+\.[a-z]{2,4}$/i.test(value)
  );
}

function looksRandom(value: string): boolean {
  if (value.length < 10 || UUID.test(value)) return value.length >= 36 && new Set(value).size > 8;
  if (value.includes(":")) return false;
  const digits = value.replace(/[^0-9]/g, "").length;
  if (digits < 2 || !/[A-Za-z]/.test(value)) return false;
  return isUnbroken(value) && !SEQUENCE.test(value) && entropyOf(value) >= 3.5;
}

/** Words joined by dashes, dots or capitals are names of things: a token has a long stretch that mixes letters and digits. */
function isUnbroken(value: string): boolean {
  const runs = value.split(/[^0-9A-Za-z]+/);
  const mixed = runs.filter(
    (run) => run.length >= 5 && /[0-9]/.test(run) && /[A-Za-z]/.test(run) && !isWordWithNumber(run),
  );
  const letters = mixed.join("").length;
  return letters >= 7 || (value.length >= 24 && runs.some((run) => run.length >= 16 && entropyOf(run) > 3.2));
}

function isWordWithNumber(run: string): boolean {
  return /^(?:[A-Z]?[a-z]+|[A-Z]+)(?:[A-Z][a-z]+)*[0-9]{1,4}$|^[0-9]{1,4}[a-z]+$|^[a-z]+[0-9]{1,2}[a-z]+$/.test(run);
}
