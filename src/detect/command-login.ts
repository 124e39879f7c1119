import { entropyOf } from "./entropy.ts";

/** A login that is written into a command or a header. */
export type Login = { readonly rule: "command-login" | "basic-login"; readonly start: number; readonly value: string };

/** Where a command may say a login; whether it does is told by what stands around it. */
export const COMMAND_ANCHORS: readonly string[] = ["-user", " -u", "\n-u", '"-u'];
export const BASIC_ANCHOR = "basic";

/** How far the command's name may stand before */
export const COMMAND_BEFORE = 512;
const COMMAND = /\bcurl\b/;
const OPTION = /(?:-user|.-u)(?:["'][ \t\n]{0,8},[ \t\n]{0,8}(?=["'])|[ \t=]{0,8})/sy;
const WORD = /(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|\\.|[^\s"'\\|;&,`\])]){1,300}/sy;
const BASIC = /basic[ \t]{1,3}([0-9A-Za-z+/_-]{8,400}={0,2})(?![0-9A-Za-z+/=_.-])/iy;
const PLACEHOLDER = /^[$<%[]|\$[{(]|\{\{|[<[{].*[>\]}]|\*{3}|\.{3}|xxx|yyy|^(?:your|my|the|some)(?![a-z]*[0-9])/i;
const COMMON =
  /^(?:pass(?:word|wd)?|pwd|secret|token|root|admin|postgres|example|user(?:name)?|test|guest|key)[0-9]{0,4}$/i;

/** The password of `curl -u user:password`. */
export function readCommandLogin(text: string, at: number): Login | undefined {
  OPTION.lastIndex = at;
  if (!OPTION.test(text)) return undefined;
  const from = OPTION.lastIndex;
  if (!COMMAND.test(text.slice(Math.max(0, at - COMMAND_BEFORE), at))) return undefined;
  WORD.lastIndex = from;
  const word = WORD.exec(text)?.[0] ?? "";
  const colon = word.indexOf(":");
  if (colon === -1 || /^["']?[<[]/.test(word)) return undefined;
  const raw = word.slice(colon + 1);
  const value = trimQuotes(raw);
  // the key of some services is a user without a password
  if (value === "") return isKey(trimQuotes(word.slice(0, colon))) ? make(text, from, word.slice(0, colon)) : undefined;
  return isPassword(value) ? make(text, from + colon + 1, raw) : undefined;
}

/** The login of `Basic dXNlcjpwYXNzd29yZA==`. */
export function readBasicLogin(text: string, at: number): Login | undefined {
  BASIC.lastIndex = at;
  const [all = "", value = ""] = BASIC.exec(text) ?? [];
  const [, password = ""] =
    /^[\x20-\x7e]{0,100}?:([\x20-\x7e]+)$/.exec(Buffer.from(value, "base64").toString("latin1")) ?? [];
  if (!isPassword(password)) return undefined;
  return { rule: "basic-login", start: at + all.length - value.length, value };
}

function isPassword(value: string): boolean {
  return value.length >= 6 && !PLACEHOLDER.test(value) && !COMMON.test(value) && entropyOf(value) >= 2;
}

function isKey(value: string): boolean {
  return value.length >= 12 && /[0-9]/.test(value) && /[A-Za-z]/.test(value) && isPassword(value);
}

function make(text: string, from: number, raw: string): Login {
  const value = trimQuotes(raw);
  return { rule: "command-login", start: text.indexOf(value, from), value };
}

function trimQuotes(text: string): string {
  return text.replace(/^\\?["']|\\?["']$/g, "").replace(/^["']|["']$/g, "");
}
