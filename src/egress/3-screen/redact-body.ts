import type { Finding } from "../../detect/finding.ts";

/** What is undone for a text as a whole: a finding under it says where it stands no better than "in there" */
const WHOLE: ReadonlySet<string> = new Set([
  "letters",
  "utf-16",
  "reversed",
  "separators",
  "gzip",
  "deflate",
  "zstd",
  "zip",
]);

/** Whether a finding has a place of its own, so that it can be taken out and the rest stays what it was. */
export function hasPlace({ encodings }: Finding): boolean {
  const inner = encodings.find((encoding) => encoding !== "escapes");
  return inner === undefined || !WHOLE.has(inner);
}

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
