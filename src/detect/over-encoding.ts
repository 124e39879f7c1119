import { type Finding, maskSecret } from "./finding.ts";

/** Two letters or digits next to each other, percent-encoded twice or more: no program does that, it needs no encoding at all */
const OVER_ENCODED = /(?:%25(?:25){0,8}(?:3[0-9]|[46][1-9a-f]|[57][0-9a])){2,}/i;

/** A stretch of a URL that was encoded so often that its only purpose can be not to be read. */
export function findOverEncoding(url: string): Finding | undefined {
  const match = OVER_ENCODED.exec(url);
  if (match === null) return undefined;
  const place = { offset: match.index, length: match[0].length };
  return {
    rule: "over-encoded",
    provider: "any",
    encodings: [],
    ...place,
    excerpt: maskSecret(match[0]),
    example: false,
    digest: "",
  };
}
