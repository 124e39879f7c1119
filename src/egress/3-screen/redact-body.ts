import type { Finding } from "../../detect/finding.ts";

/** The bytes with every finding replaced by its kind: the same text for the same finding, so that caches of models hold. */
export function redactBody(bytes: Buffer, findings: readonly Finding[]): Buffer {
  const ordered = findings.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { offset, length, rule } of ordered) {
    const end = Math.min(bytes.length, offset + length);
    if (end <= at) continue;
    if (offset >= at) pieces.push(bytes.subarray(at, offset), Buffer.from(`[redacted ${rule}]`));
    at = end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
