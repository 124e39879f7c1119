import type { SecretValue } from "../base/secret-value.ts";
import { type Finding, maskSecret } from "../detect/finding.ts";
import { makeTokenDetector } from "../detect/scan-tokens.ts";
import { makeSecretForms } from "../journal/secret-forms.ts";

/** Shorter values stand in every file by chance. */
const SHORTEST_VALUE = 6;
/** How often something may be wrapped in base64, and how long a wrapped piece is at least */
const DEEPEST = 3;
const WRAPPED = /[A-Za-z0-9+/_-]{24,}/g;

type Scan = (bytes: Buffer) => readonly Finding[];

/**
 * Finds what must not be pushed: tokens of the known forms, also wrapped in base64, and the values that this very bottle was
 * given.
 */
export function makePushScan(secrets: readonly SecretValue[]): Scan {
  const tokens = makeTokenDetector();
  const forms = secrets.flatMap((secret) => {
    const value = secret.expose("search of pushes");
    if (value.length < SHORTEST_VALUE) return [];
    const excerpt = `${secret} ${maskSecret(value)}`;
    return [...makeSecretForms(value)].map((form) => ({ bytes: Buffer.from(form), excerpt }));
  });
  const known: Scan = (bytes) => {
    for (const form of forms) {
      const offset = bytes.indexOf(form.bytes);
      const place = { offset, length: form.bytes.length, excerpt: form.excerpt };
      if (offset !== -1)
        return [{ rule: "known-value", provider: "this bottle", encodings: [], example: false, ...place }];
    }
    return [];
  };
  const plain: Scan = (bytes) => [...known(bytes), ...tokens.scan(bytes)];
  return (bytes) => [...plain(bytes), ...scanWrapped(bytes, plain, DEEPEST)];
}

/** What is wrapped counts at the place of its wrapping. */
function scanWrapped(bytes: Buffer, plain: Scan, depth: number): readonly Finding[] {
  if (depth === 0) return [];
  const findings: Finding[] = [];
  for (const match of bytes.toString("latin1").matchAll(WRAPPED)) {
    const [text] = match;
    const inside = Buffer.from(text, "base64");
    if (!isText(inside)) continue; // a hash or a name: what it decodes to is noise
    for (const finding of [...plain(inside), ...scanWrapped(inside, plain, depth - 1)]) {
      const place = { offset: match.index, length: text.length };
      findings.push({ ...finding, ...place, encodings: ["base64", ...finding.encodings] });
    }
  }
  return findings;
}

function isText(bytes: Buffer): boolean {
  const end = Math.min(bytes.length, 64);
  let odd = 0;
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7e || (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) odd += 1;
  }
  return odd * 8 <= end;
}
