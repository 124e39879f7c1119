import { entropyOf } from "./entropy.ts";

/** Whether a value that an operator gave may be searched for everywhere: words, paths and small numbers may not. */
export function isSecretLike(value: string): boolean {
  if (value.length < 8 || /\s/.test(value)) return false;
  if (/^(?:\/|~|\.\/|[a-z][a-z0-9+.-]*:\/\/[^@]*$)/i.test(value)) return false;
  if (/[0-9]/.test(value) && /[A-Za-z]/.test(value)) return entropyOf(value) >= 2.8;
  return value.length >= 16 && entropyOf(value) >= 3.3;
}
